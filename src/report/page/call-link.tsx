import { ELSEWHERE, type Index, itemId } from "../data.js";
import { ItemLink } from "./item-link.js";

/** A link to the call that caused something; words where the page does not have it. */
export function CallLink({ call }: { call: Index }) {
  if (call === ELSEWHERE) return <span class="quiet">a tool call that this page leaves out</span>;
  return <ItemLink id={itemId("call", call)} />;
}
