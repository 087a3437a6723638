import { setTimeout as sleep } from "node:timers/promises";
import type { KubeConfig } from "@kubernetes/client-node";
import { type Phrase, phrase } from "../../facts/phrase.ts";
import type { Limits } from "../transport/reader.ts";
import { parseObject, tellStatus } from "./answer.ts";
import { KubeError } from "./kube-reader.ts";
import { type Answer, get } from "./request.ts";

/** A whole list, or why there is none. `error`: the API gave no answer at all. */
export interface Listing {
  readonly list: { readonly items: readonly unknown[] } | null;
  readonly why: Phrase | null;
  readonly error: KubeError | null;
}

const CREDENTIALS = phrase("renew-credentials");
const PAGE = 500;
const MOST_PAGES = 200;
const RETRY_AFTER_MS = 500;
/** The state that a `continue` token names is compacted away: the list begins anew (API concepts, "Retrieving large results sets in chunks"). */
const GONE = 410;

/** All pages of a list. A kind that may not be read is null and why; credentials that are refused are an error. */
export async function readList(config: KubeConfig, path: string, limits: Limits): Promise<Listing> {
  let items: unknown[] = [];
  let token = "";
  let isPaged = true;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const query = isPaged ? `?limit=${PAGE}${token && `&continue=${token}`}` : "";
    const answer = await patientGet(config, path + query, limits);
    if (answer instanceof KubeError) return { list: null, why: answer.told, error: answer };
    const { status, body } = answer;
    if (status === 401) {
      const context = config.getCurrentContext();
      throw new KubeError(phrase("credentials-refused", { context, said: tellStatus(body) }), { hint: CREDENTIALS });
    }
    if (status === GONE && token !== "") {
      [items, token, isPaged] = [[], "", false];
      continue;
    }
    if (status !== 200) return unread(phrase("api-answers", { status, said: tellStatus(body) }));
    const object = parseObject(body);
    if (object === null || !Array.isArray(object.items)) return unread(phrase("api-no-list"));
    for (const item of object.items) items.push(item);
    const next = (object.metadata as { continue?: unknown } | undefined)?.continue;
    if (typeof next !== "string" || next === "") return { list: { items }, why: null, error: null };
    token = encodeURIComponent(next);
  }
  return unread(phrase("too-many-objects", { most: MOST_PAGES * PAGE }));
}

function unread(why: Phrase): Listing {
  return { list: null, why, error: null };
}

/** Once more where an API server restarts or is asked too much; not after a deadline, which was all there was. */
async function patientGet(config: KubeConfig, path: string, limits: Limits): Promise<Answer | KubeError> {
  const first = await tryGet(config, path, limits);
  const isOver = first instanceof KubeError ? first.isFinal : first.status !== 429 && first.status < 500;
  if (isOver || limits.signal?.aborted) return first;
  await sleep(RETRY_AFTER_MS);
  return tryGet(config, path, limits);
}

async function tryGet(config: KubeConfig, path: string, limits: Limits): Promise<Answer | KubeError> {
  try {
    return await get(config, path, limits);
  } catch (error) {
    if (error instanceof KubeError) return error;
    throw error;
  }
}
