import { isIPv4 } from "node:net";
import type { KubeObject } from "../../objects/kube-object.ts";
import { ApiFailure } from "./failure.ts";

/**
 * A Service becomes lines of `iptables-restore`, so every field that goes into one is checked here: by Kubernetes' own
 * rules (pkg/apis/core/validation), which leave no room for a blank, a quote or a line break.
 */
export function checkService(service: KubeObject, old: KubeObject | null): void {
  const spec = service.spec;
  if (typeof spec !== "object" || spec === null) throw invalid("spec: Required value");
  if (spec.type === "ExternalName") return;
  if (old !== null && spec.clusterIP !== old.spec.clusterIP) {
    throw invalid("spec.clusterIP: Invalid value: field is immutable");
  }
  // The lab hands out no addresses.
  if (spec.clusterIP !== "None" && !isIPv4(spec.clusterIP ?? "")) throw invalid("spec.clusterIP: Required value");
  if (!Array.isArray(spec.ports) || spec.ports.length === 0) throw invalid("spec.ports: Required value");
  for (const port of spec.ports) {
    if (port.name !== undefined && !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(port.name)) {
      throw invalid(`spec.ports.name: Invalid value: ${JSON.stringify(port.name)}`);
    }
    if (port.protocol !== undefined && !["TCP", "UDP"].includes(port.protocol)) {
      throw invalid(`spec.ports.protocol: Unsupported value: ${JSON.stringify(port.protocol)}`);
    }
    const numbers = [port.port, port.nodePort ?? 1, typeof port.targetPort === "string" ? 1 : (port.targetPort ?? 1)];
    if (!numbers.every((number) => Number.isInteger(number) && number >= 1 && number <= 65_535)) {
      throw invalid("spec.ports: Invalid value: must be between 1 and 65535, inclusive");
    }
  }
  const selector = spec.selector ?? {};
  if (typeof selector !== "object" || Object.values(selector).some((value) => typeof value !== "string")) {
    throw invalid("spec.selector: Invalid value: must be a map of strings");
  }
}

/** RFC 1123. */
export function checkName(name: unknown): void {
  if (typeof name === "string" && /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name)) return;
  throw new ApiFailure(422, "Invalid", `metadata.name: Invalid value: ${JSON.stringify(name)}`);
}

function invalid(message: string): ApiFailure {
  return new ApiFailure(422, "Invalid", `Service is invalid: ${message}`);
}
