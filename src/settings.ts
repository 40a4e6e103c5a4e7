import * as z from "zod";
import { hostFault } from "./gateway/egress-allow.js";
import { BaseUrl, Providers } from "./models/providers.js";
import { AllowedHost, NetworkMode } from "./record/network-policy.js";

const KIBI = 1024;
const UNITS: Record<string, number> = { "": 1, k: KIBI, m: KIBI ** 2, g: KIBI ** 3 };

/** `512m`, `4g`, `1073741824`: bytes, with binary units; at least so many MiB. */
const size = (mebibytes: number) =>
  z
    .union([z.string(), z.number()])
    .transform(String)
    .pipe(z.string().regex(/^\d+(\.\d+)?[kmg]?b?$/i, "expected a size such as 512m or 4g"))
    .transform((text) => {
      const [, number = "0", unit = ""] = /^([\d.]+)([kmg]?)/i.exec(text) ?? [];
      return Math.round(Number(number) * (UNITS[unit.toLowerCase()] ?? 1));
    })
    .pipe(z.int().min(mebibytes * KIBI ** 2, `expected at least ${mebibytes}m`));

const Seconds = z.coerce.number("expected a number of seconds").positive().max(86_400);
const Text = z.string().trim().min(1, "expected some text");
const Switch = z.union([
  z.boolean(),
  z.enum(["true", "false", "1", "0"], "expected true or false").transform((word) => {
    return word === "true" || word === "1";
  }),
]);

/** The headings under which help and docs/settings.md list the settings, in their order. */
const GROUPS = {
  issue: "Issue and workspace",
  model: "Model",
  pool: "Pool of models, for --model auto",
  room: "Room",
  observation: "Observation",
} as const;

interface Definition<T extends z.ZodType> {
  group: keyof typeof GROUPS;
  schema: T;
  /** As it would be written on the command line; null: not set. */
  default: string | boolean | null;
  /** What stands for the value in help; absent for a switch. */
  value?: string;
  help: string;
}

const define = <T extends z.ZodType>(definition: Definition<T>) => definition;

/** `a.example,*.b.example:443`, or an array of them in the settings file. */
const Hosts = z
  .union([z.string().transform((text) => text.split(",")), z.array(z.string())])
  .pipe(z.array(AllowedHost.superRefine(refuseUnreachable)).min(1).max(200));

function refuseUnreachable(entry: string, context: z.RefinementCtx): void {
  const fault = hostFault(entry);
  if (fault !== null) context.addIssue(fault);
}

/** An object of providers, in the settings file as it is and elsewhere as JSON. */
const NamedProviders = z.preprocess((value, context) => {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    context.addIssue('expected JSON such as {"lab": {"base_url": "https://models.example/v1"}}');
    return z.NEVER;
  }
}, Providers);

/** Every setting, once: its flag, variable and key in the file all follow from its name here. */
export const SETTINGS = {
  tasks: define({
    group: "issue",
    schema: Text,
    default: "tasks/issues.json",
    value: "FILE",
    help: "the issues file",
  }),
  workspace: define({
    group: "issue",
    schema: Text.optional(),
    default: null,
    value: "DIR",
    help: "the folder to copy for the agent, instead of each issue's own",
  }),
  captures: define({
    group: "issue",
    schema: Text,
    default: "artifacts/captures",
    value: "DIR",
    help: "the folder of run directories",
  }),
  keep_workspace: define({
    group: "issue",
    schema: Switch,
    default: false,
    help: "keep the agent's copy of the workspace in the run directory",
  }),
  include_ignored: define({
    group: "issue",
    schema: Switch,
    default: false,
    help: "also copy files that git ignores",
  }),
  model: define({
    group: "model",
    schema: Text,
    default: "scripted",
    value: "MODEL",
    help: "scripted, scripted:FILE, provider/name of an endpoint, or auto: one of the pool of models",
  }),
  base_url: define({
    group: "model",
    schema: BaseUrl.optional(),
    default: null,
    value: "URL",
    help: "the endpoint of provider/name, up to and including its version, such as https://models.example/v1",
  }),
  api_key_env: define({
    group: "model",
    schema: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "expected the name of a variable, not a key")
      .optional(),
    default: null,
    value: "NAME",
    help: "the variable that holds the key, where it is neither CAPTURE_API_KEY nor PROVIDER_API_KEY",
  }),
  api: define({
    group: "model",
    schema: z.enum(
      ["openai", "openai-responses", "anthropic"],
      "expected openai, openai-responses or anthropic",
    ),
    default: "openai",
    value: "API",
    help: "what the agent speaks with the model: openai (chat), openai-responses or anthropic",
  }),
  providers: define({
    group: "model",
    schema: NamedProviders,
    default: "{}",
    value: "JSON",
    help: "endpoints by provider, for provider/name and auto: an object of base_url and, where needed, api, api_key_env, models and prices",
  }),
  record: define({
    group: "model",
    schema: Switch,
    default: false,
    help: "keep the model's answers in the run directory, for opencode-capture replay",
  }),
  model_silence: define({
    group: "model",
    schema: Seconds,
    default: "300",
    value: "SECONDS",
    help: "give up a model call in which the endpoint sends nothing for so long",
  }),
  prefer: define({
    group: "pool",
    schema: z.enum(["free", "paid"], "expected free or paid"),
    default: "free",
    value: "KIND",
    help: "which models to choose first: free or paid",
  }),
  model_attempts: define({
    group: "pool",
    schema: z.coerce.number("expected a number of attempts").int().min(1).max(20),
    default: "3",
    value: "N",
    help: "how many models are tried on an issue, one after another, where they fail",
  }),
  model_error_threshold: define({
    group: "pool",
    schema: z.coerce.number("expected a number of errors").int().min(1).max(1000),
    default: "3",
    value: "N",
    help: "how many errors in a row make a model rest",
  }),
  model_cooldown_minutes: define({
    group: "pool",
    schema: z.coerce.number("expected a number of minutes").positive().max(525_600),
    default: "60",
    value: "MINUTES",
    help: "how long a model rests then",
  }),
  model_exclude_hours: define({
    group: "pool",
    schema: z.coerce.number("expected a number of hours").positive().max(8760),
    default: "12",
    value: "HOURS",
    help: "how long a model is left out that refuses the location or the request",
  }),
  timeout: define({
    group: "room",
    schema: Seconds,
    default: "900",
    value: "SECONDS",
    help: "the agent's time limit, unless the issue has a timeout_seconds",
  }),
  stall: define({
    group: "room",
    schema: Seconds,
    default: "300",
    value: "SECONDS",
    help: "end a run that shows no output, event, model call or work for so long",
  }),
  memory: define({
    group: "room",
    schema: size(64),
    default: "4g",
    value: "SIZE",
    help: "the room's memory limit",
  }),
  cpus: define({
    group: "room",
    schema: z.coerce.number("expected a number of CPUs").positive().max(1024),
    default: "2",
    value: "N",
    help: "the room's CPU limit",
  }),
  pids: define({
    group: "room",
    schema: z.coerce.number("expected a number of processes").int().min(32).max(4_000_000),
    default: "512",
    value: "N",
    help: "the room's limit of processes and threads",
  }),
  network: define({
    group: "room",
    schema: NetworkMode.optional(),
    default: null,
    value: "MODE",
    help: "what the room reaches beside its model: model-only (nothing), allow (some hosts) or open; default: as the issue says, else model-only",
  }),
  allow_host: define({
    group: "room",
    schema: Hosts.optional(),
    default: null,
    value: "HOSTS",
    help: "for --network allow: hosts such as registry.example,*.example.org:443; without a port, 80 and 443",
  }),
  canaries: define({
    group: "room",
    schema: Switch,
    default: true,
    help: "plant canaries: fake credentials, unique to the run, in the room's home and the agent's environment",
  }),
  image_ref: define({
    group: "room",
    schema: Text.optional(),
    default: null,
    value: "REF",
    help: "an image of your own for the room, instead of the one that is built",
  }),
  opencode_bin: define({
    group: "room",
    schema: Text,
    default: "opencode",
    value: "BIN",
    help: "the agent's program inside the image",
  }),
  door: define({
    group: "room",
    schema: z.enum(["auto", "socket", "stream"], "expected auto, socket or stream"),
    default: "auto",
    value: "HOW",
    help: "how the room reaches the model gateway: socket, a Unix socket; stream, the connection to the engine; auto: the socket where it can",
  }),
  sensor: define({
    group: "observation",
    schema: z.enum(["auto", "kernel", "poll"], "expected auto, kernel or poll"),
    default: "auto",
    value: "HOW",
    help: "kernel: every event, from the kernel, or no run; poll: look from time to time; auto: the kernel where it can",
  }),
  pcap: define({
    group: "observation",
    schema: Switch,
    default: false,
    help: "keep the room's packets in observations/network.pcap",
  }),
  pcap_size: define({
    group: "observation",
    schema: size(1),
    default: "64m",
    value: "SIZE",
    help: "for --pcap: how large the file may become; what comes later is counted",
  }),
} as const;

export type SettingName = keyof typeof SETTINGS;
export type Settings = { [Name in SettingName]: z.output<(typeof SETTINGS)[Name]["schema"]> };

/** Looked for in the current folder. */
export const SETTINGS_FILE = "capture.config.json";

const PREFIX = "CAPTURE_";
/** Variables with our prefix that are no settings. */
const OTHER_VARIABLES = new Set(["CAPTURE_API_KEY"]);

export function isSetting(key: string): key is SettingName {
  return Object.hasOwn(SETTINGS, key);
}

/** The heading that a setting is listed under. */
export const groupOf = (name: SettingName): string => GROUPS[SETTINGS[name].group];

/** The flag of a setting; of a switch that is on by default, the one that turns it off. */
export const flagOf = (name: SettingName): string =>
  `--${isOn(name) ? "no-" : ""}${name.replaceAll("_", "-")}`;

/** What the flag of a setting does, in one line. */
export const flagHelp = (name: SettingName): string =>
  `${isOn(name) ? "do not " : ""}${SETTINGS[name].help}`;

export const variableOf = (name: SettingName): string => `${PREFIX}${name.toUpperCase()}`;

/** The setting that a variable of ours would be of, known or not; null for any other variable. */
export function settingOfVariable(variable: string): string | null {
  if (!variable.startsWith(PREFIX) || OTHER_VARIABLES.has(variable)) return null;
  return variable.slice(PREFIX.length).toLowerCase();
}

function isOn(name: SettingName): boolean {
  return SETTINGS[name].default === true;
}
