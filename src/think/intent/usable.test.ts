import { expect, test } from "vitest";
import * as made from "../../../test/explain/objects.ts";
import { usableEndpoints } from "./usable.ts";

const ready = made.endpoint("web", "10.42.0.3");
const draining = made.endpoint("web", "10.42.0.4", { ready: false, serving: true, terminating: true });
const failing = made.endpoint("web", "10.42.0.5", { ready: false, terminating: true });
const sick = made.endpoint("web", "10.42.0.6", { ready: false });

test("an endpoint that serves while it terminates is used only where none is ready", () => {
  expect(usableEndpoints([draining, ready, failing, sick])).toEqual([ready]);
  expect(usableEndpoints([draining, failing, sick])).toEqual([draining]);
  expect(usableEndpoints([failing, sick])).toEqual([]);
});
