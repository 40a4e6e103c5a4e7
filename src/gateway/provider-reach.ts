import { asFields, type Fields, listOf, textOf } from "./fields.js";

/** What a request lets the model's provider reach by itself: past the door, and so past its policy. */
export interface ProviderReach {
  /** Whence it is to fetch images, files and tools, as `host:port`; one more than the bound at most. */
  provider_hosts?: string[];
  /** Tools that it runs itself, by type, which may reach whatever the model asks of them. */
  provider_tools?: string[];
}

/** Hosts that one request may name. */
export const MAX_PROVIDER_HOSTS = 50;
const MAX_TOOLS = 50;
const MAX_TEXT = 300;

/**
 * Members that hold an address which the three APIs fetch, as a text or as an object with `url`.
 * Their names are compared without case, as Go's parser does.
 */
const ADDRESSES = new Set(["image_url", "file_url", "audio_url", "video_url", "server_url"]);
/** Members that describe or repeat a call of a tool: what they hold is not fetched. */
const DESCRIPTIONS = new Set(["parameters", "input_schema", "arguments"]);
/** Tools that the agent runs itself, by the beginning of their type. */
const OWN_TOOL =
  /^(function|custom|namespace|local_shell|shell|apply_patch|computer|bash|text_editor|memory|tool_search)/;

/**
 * An address that every parser takes apart alike: with a user, a backslash, a space or a host that is
 * not plain, one reads this host in it and another that one.
 */
const PLAIN_ADDRESS =
  /^https?:\/\/(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?(?:\/[!-[\]-~\u00a1-\uffff]*)?$/i;

/** Finds what a request lets the model's provider reach; of what is nested without end, too. */
export function providerReach(request: Fields): ProviderReach {
  const hosts = new Set<string>();
  const left: unknown[] = [request];
  while (left.length > 0 && hosts.size <= MAX_PROVIDER_HOSTS) {
    const value = asFields(left.pop());
    for (const address of addressesIn(value)) hosts.add(hostOf(address));
    for (const [key, inner] of Object.entries(value)) {
      const described = DESCRIPTIONS.has(key) || (key === "input" && isCall(value));
      if (typeof inner === "object" && inner !== null && !described) left.push(inner);
    }
  }
  const tools = hostedTools(request);
  return {
    ...(hosts.size === 0 ? {} : { provider_hosts: [...hosts] }),
    ...(tools.length === 0 ? {} : { provider_tools: tools }),
  };
}

/** Data that comes with the request is no address. */
function addressesIn(value: Fields): string[] {
  const members = Object.entries(value).map(([key, inner]) => [folded(key), inner] as const);
  // Anthropic's way, for an image's source and for a server of tools.
  const isAddress = members.some(([key, inner]) => key === "type" && inner === "url");
  return members
    .filter(([key]) => ADDRESSES.has(key) || (isAddress && key === "url"))
    .flatMap(([, inner]) => textsIn(inner))
    .filter((each) => !/^\s*data:/i.test(each));
}

/** A text, or that of each `url` in an object. */
function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return Object.entries(asFields(value)).flatMap(([key, inner]) =>
    folded(key) === "url" && typeof inner === "string" ? [inner] : [],
  );
}

/** Without case, and in plain letters: to Go's parser `ſerver_url` is `server_url`, too. */
function folded(key: string): string {
  return key.normalize("NFKC").toLowerCase();
}

function isCall({ type }: Fields): boolean {
  return typeof type === "string" && type.endsWith("tool_use");
}

function hostedTools(request: Fields): string[] {
  const { tools, plugins } = request;
  const types = listOf(tools).map(({ type }) => textOf(type) ?? "function");
  const hosted = [
    ...types.filter((type) => !OWN_TOOL.test(type)),
    ...(request["web_search_options"] === undefined ? [] : ["web_search_options"]),
    ...listOf(plugins).map(({ id }) => `plugin ${textOf(id) ?? ""}`),
  ];
  return [...new Set(hosted.map((each) => each.slice(0, MAX_TEXT)))].slice(0, MAX_TOOLS);
}

/** The host and port of an address; of what is none that is plain, its own words. */
function hostOf(address: string): string {
  if (PLAIN_ADDRESS.test(address) && URL.canParse(address)) {
    const { hostname, port, protocol } = new URL(address);
    return `${hostname}:${port || (protocol === "http:" ? 80 : 443)}`;
  }
  return `${address.slice(0, MAX_TEXT)}:0`;
}
