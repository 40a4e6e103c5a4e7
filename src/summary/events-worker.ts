// Reads native events in a thread of its own, and hands over what is held of them.
import { parentPort, workerData } from "node:worker_threads";
import { type EventsToRead, eventsReader } from "./read-events.js";

const events: EventsToRead = workerData;
// One long text is handed over in a fraction of the time of the objects that it tells of.
parentPort?.postMessage(JSON.stringify(await eventsReader(events).read(true)));
