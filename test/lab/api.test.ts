import { CoreV1Api, DiscoveryV1Api, KubeConfig } from "@kubernetes/client-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { labDown } from "../../src/lab/down.ts";
import type { Lab } from "../../src/lab/lab.ts";
import { labUp } from "../../src/lab/up.ts";
import { command, type Ended, statusFrom } from "./command.ts";
import { describeLabs, useLabBundle } from "./lab-bundle.ts";

const bundle = useLabBundle();

describeLabs("the lab's Kubernetes API", () => {
  let lab: Lab;
  const kubectl = (...args: string[]): Promise<Ended> => command("kubectl", "--kubeconfig", lab.kubeconfig, ...args);

  beforeAll(async () => {
    lab = await labUp({ name: "t-api", nodes: 2, serverBundle: bundle.server });
  }, 30_000);
  afterAll(async () => {
    await labDown("t-api");
  });

  it("serves kubectl's tables", async () => {
    const wide = await kubectl("get", "nodes,pods,svc,endpoints,endpointslices", "-A", "-o", "wide");
    expect(wide).toMatchObject({ code: 0, stderr: "" });
    expect(wide.stdout).toMatch(/node\/k1 +Ready +control-plane +\d+s +v1\.\S+ +192\.168\.6\.141/);
    expect(wide.stdout).toMatch(/default +pod\/frontend-\S+ +1\/1 +Running +0 +\d+s +10\.42\.0\.\d+ +k1/);
    expect(wide.stdout).toMatch(
      /service\/frontend +NodePort +10\.43\.238\.112 +<none> +80:30007\/TCP +\d+s +app=frontend/,
    );
    expect(wide.stdout).toMatch(/endpointslice\.discovery\.k8s\.io\/backend-\S+ +IPv4 +8080 +10\.42\.1\.\d+/);
  });

  it("serves objects whole, by name, by label and by field", async () => {
    const nodes = JSON.parse((await kubectl("get", "nodes", "-o", "json")).stdout);
    expect(nodes.items[0].metadata.annotations["flannel.alpha.coreos.com/public-ip"]).toBe("192.168.6.141");
    expect((await kubectl("get", "svc", "backend", "-o", "jsonpath={.spec.clusterIP}")).stdout).toBe("10.43.0.7");
    const names = ["get", "pods", "-A", "-o", "name"];
    expect((await kubectl(...names, "-l", "app in (web)")).stdout.trim().split("\n")).toHaveLength(2);
    expect((await kubectl(...names, "--field-selector", "spec.nodeName=k2")).stdout.trim().split("\n")).toHaveLength(3);
    expect((await kubectl("get", "networkpolicies,events", "-A")).stderr).toContain("No resources found");
    expect(await kubectl("get", "svc", "nothing")).toMatchObject({ code: 1 });
  });

  it("serves the pods' logs", async () => {
    expect(await statusFrom(lab.clientNetns, lab.url)).toBe("200");
    expect((await kubectl("logs", "deploy/frontend", "--tail=1")).stdout).toMatch(/^\S+Z INFO \S+ GET \/ 200\n$/);
  });

  it("lets a Service be patched: endpoints and the nodes' rules follow, and the gateway logs what it met", async () => {
    const select = (app: string): Promise<Ended> =>
      kubectl("patch", "svc", "backend", "-p", JSON.stringify({ spec: { selector: { app } } }));
    expect(await select("nobody")).toMatchObject({ code: 0, stdout: "service/backend patched\n" });
    expect((await kubectl("get", "endpoints", "backend")).stdout).toMatch(/backend +<none>/);
    const rules = await command("ip", "netns", "exec", lab.nodes[0]?.netns as string, "iptables-nft-save");
    expect(rules.stdout).toMatch(
      /KUBE-SERVICES -d 10\.43\.0\.7.* "default\/backend:http has no endpoints" .*-j REJECT/,
    );
    expect(await statusFrom(lab.clientNetns, lab.url)).toBe("502");
    expect((await kubectl("logs", "deploy/frontend", "--tail=2")).stdout).toMatch(
      /ERROR connect to backend\.default\.svc:80 \(10\.43\.0\.7:80\) failed: connection refused/,
    );
    expect(await select("backend")).toMatchObject({ code: 0 });
    expect(await statusFrom(lab.clientNetns, lab.url)).toBe("200");
  });

  it("refuses a Service that Kubernetes would refuse", async () => {
    const bad = await kubectl(
      "patch",
      "svc",
      "web",
      "--type=merge",
      "-p",
      '{"spec":{"ports":[{"name":"a\\nb","port":80}]}}',
    );
    expect(bad.code).toBe(1);
    expect(await statusFrom(lab.clientNetns, lab.webUrl)).toBe("200");
  });

  it("serves @kubernetes/client-node from the same kubeconfig", async () => {
    const config = new KubeConfig();
    config.loadFromFile(lab.kubeconfig);
    const pods = await config.makeApiClient(CoreV1Api).listPodForAllNamespaces();
    expect(pods.items.map((pod) => pod.status?.podIP).sort()).toEqual(lab.pods.map((pod) => pod.address).sort());
    const slices = await config.makeApiClient(DiscoveryV1Api).listEndpointSliceForAllNamespaces();
    expect(slices.items).toHaveLength(4);
  });

  it("does not answer without its token", async () => {
    expect(
      (await command("curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", `${lab.apiUrl}/api/v1/pods`)).stdout,
    ).toBe("401");
  });
});
