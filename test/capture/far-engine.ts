import { type Engine, findEngine } from "../../src/sandbox/engine.js";
import { engineAddresses } from "../../src/sandbox/engine-addresses.js";
import { openEngineWay } from "./engine-way.js";

/** This machine's engine, reached over TCP: as far as can be seen, it is on another machine. */
export interface FarEngine extends AsyncDisposable {
  engine: Engine;
  /** Cuts every connection to it; new ones are let through. */
  cut(): void;
}

export async function openFarEngine(near: Engine): Promise<FarEngine> {
  const way = await openEngineWay(near.socketPath ?? "");
  const found = await findEngine(await engineAddresses({ DOCKER_HOST: way.address }));
  if (!("engine" in found)) throw new Error("the engine does not answer over TCP");
  return {
    engine: found.engine,
    cut: way.cut,
    [Symbol.asyncDispose]: () => way[Symbol.asyncDispose](),
  };
}
