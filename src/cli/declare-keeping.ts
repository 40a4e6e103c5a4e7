import { Argument } from "commander";
import { type Declaring, examples } from "./declaring.js";
import { MODEL_ACTIONS, MODEL_HELP, MODEL_SETTINGS, type ModelAction } from "./model-actions.js";
import { outputOf, settingsOf, withOutput, withSettings } from "./options.js";

/** Declares what captures need: `setup`, `doctor`, `validate`, `models`, `sweep`. */
export function declareKeeping({ program, signal, ended }: Declaring): void {
  const setup = program
    .command("setup")
    .alias("image")
    .description("make sure of an engine and the images; installs and builds what is missing")
    .action(async () => {
      const { setUp } = await import("./setup.js");
      ended(await setUp(outputOf(setup), signal));
    });
  withOutput(setup);
  examples(setup, [["once, on a new machine; a capture does it, too", "setup"]]);

  const doctor = program
    .command("doctor")
    .description("look at disk, engine, image, room and agent, and say what to do")
    .action(async () => {
      const { examine } = await import("./doctor.js");
      ended(await examine(settingsOf(doctor), outputOf(doctor), signal));
    });
  withOutput(withSettings(doctor, ["captures", "image_ref", "opencode_bin", "door"]));
  examples(doctor, [["as JSON", "doctor --json"]]);

  const validate = program
    .command("validate")
    .description("check an issues file and its scripts; nothing is started")
    .argument("[FILE]", "the issues file (default: the tasks setting)")
    .action(async (file: string | undefined) => {
      const { validate: check } = await import("./validate.js");
      ended(await check(file, settingsOf(validate), outputOf(validate)));
    });
  withOutput(withSettings(validate, ["tasks", "workspace"]));
  examples(validate, [["your own file", "validate my/issues.json"]]);

  const models = program
    .command("models")
    .description("the pool of models for --model auto: what there is, what is usable, and why not")
    .addArgument(
      new Argument("[ACTION]", "what to do").choices(MODEL_ACTIONS).default("list" as const),
    )
    .argument("[MODEL]", "provider/name; for use also none, for restore also all")
    .option("--reason <TEXT>", "why, for exclude")
    .action(
      async (action: ModelAction, model: string | undefined, options: { reason?: string }) => {
        const { manageModels } = await import("./models.js");
        const asked = { action, model, reason: options.reason };
        ended(await manageModels(asked, settingsOf(models), outputOf(models), signal));
      },
    )
    .addHelpText("after", `\nActions:\n${modelActions()}`);
  withOutput(withSettings(models, MODEL_SETTINGS));
  examples(models, [
    ["ask the image's OpenCode for its list", "models refresh"],
    ["leave one out for two hours", "models exclude opencode/big-pickle --model-exclude-hours 2"],
    ["what would be chosen, and what is held", "models status"],
  ]);

  const sweep = program
    .command("sweep")
    .description(
      "remove what dead runs left, and close their run directories; each start does it, too",
    )
    .option("--images", "remove the images that were built here, too")
    .action(async (options: { images?: boolean }) => {
      const { sweep: sweepNow } = await import("./sweep.js");
      ended(await sweepNow(options.images ?? false, settingsOf(sweep), outputOf(sweep), signal));
    });
  withOutput(withSettings(sweep, ["captures"]));
  examples(sweep, [["after a crash", "sweep"]]);
}

function modelActions(): string {
  const lines = Object.entries(MODEL_HELP).map(([action, what]) => `  ${action.padEnd(8)} ${what}`);
  return lines.join("\n");
}
