import { processorMs } from "../../../test/processor-ms.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseIp } from "../../facts/ip.ts";
import { parseSymptom } from "./symptom.ts";

/** What is told apart, in one line; null: not understood. */
function understood(input: string, namespace = "default"): string | null {
  const symptom = parseSymptom(input, namespace);
  if ("error" in symptom) return null;
  switch (symptom.kind) {
    case "url":
      return `url ${symptom.tls ? "tls " : ""}${symptom.host} ${symptom.port} in ${symptom.namespace}`;
    case "service":
    case "pod":
      return `${symptom.kind} ${symptom.namespace}/${symptom.name} ${symptom.port}`;
    case "dns":
      return `dns ${symptom.name}`;
    case "address":
      return `address ${symptom.ip.text} ${symptom.port}`;
  }
}

describe("parseSymptom", () => {
  test.each([
    ["http://192.168.6.141:30007/", "url 192.168.6.141 30007 in default"],
    ["http://192.168.6.141:30007", "url 192.168.6.141 30007 in default"],
    ["HTTP://Shop.Default.SVC/cart?id=1", "url shop.default.svc 80 in default"],
    ["https://shop.default.svc.cluster.local/", "url tls shop.default.svc.cluster.local 443 in default"],
    ["https://shop:8443/", "url tls shop 8443 in default"],
    ["http://[fd00::10]:30007/", "url fd00::10 30007 in default"],
    ["https://[FD00:0:0::10]/", "url tls fd00::10 443 in default"],
    ["svc/backend", "service default/backend null"],
    ["svc/backend:80", "service default/backend 80"],
    ["service/backend:http", "service default/backend http"],
    ["services/shop/backend:8080", "service shop/backend 8080"],
    ["pod/web-0", "pod default/web-0 null"],
    ["pods/kube-system/coredns-abc:53", "pod kube-system/coredns-abc 53"],
    ["po/web-0:metrics", "pod default/web-0 metrics"],
    ["dns/kubernetes.default", "dns kubernetes.default"],
    ["dns/Example.COM.", "dns Example.COM."],
    ["dns/_http._tcp.web.default.svc.cluster.local", "dns _http._tcp.web.default.svc.cluster.local"],
    ["10.42.0.3", "address 10.42.0.3 null"],
    ["10.42.0.3:8080", "address 10.42.0.3 8080"],
    ["fd00::3", "address fd00::3 null"],
    ["fd00::3:8080", "address fd00::3:8080 null"],
    ["[fd00::3]", "address fd00::3 null"],
    ["[fd00::3]:8080", "address fd00::3 8080"],
    ["::1", "address ::1 null"],
  ])("%s", (input, expected) => {
    expect(understood(input)).toBe(expected);
  });

  test("the namespace given is that of what names none", () => {
    expect(understood("svc/backend", "shop")).toBe("service shop/backend null");
    expect(understood("svc/other/backend", "shop")).toBe("service other/backend null");
    expect(understood("http://backend/", "shop")).toBe("url backend 80 in shop");
  });

  test.each([
    "",
    " ",
    "backend",
    "svc/",
    "svc/Backend",
    "svc/a/b/c",
    "svc/a:80:81",
    "svc/a:0",
    "svc/a:65536",
    "pod/a b",
    "pod/-a",
    "dns/",
    "dns/a..b",
    "dns/-a",
    "dns/a b",
    "ftp://192.0.2.1/",
    "http://",
    "http://:80/",
    "http://192.0.2.1:0/",
    "http://192.0.2.1:70000/",
    "http://[fd00::1/",
    "10.42.0",
    "10.42.0.256",
    "010.42.0.3",
    "10.42.0.3:0",
    "10.42.0.3:65536",
    "10.42.0.3:",
    "10.42.0.3]",
    "[10.42.0.3]:80",
    "[fd00::1",
    "fd00::1]",
    "[fd00::1]80",
    "fd00:::1",
    "localhost:8080",
    `svc/${"a".repeat(300)}`,
    `http://${"a".repeat(5000)}/`,
  ])("not understood: %s", (input) => {
    expect(parseSymptom(input, "default")).toEqual({ error: "symptom-not-understood", input });
  });

  test("never throws, keeps what was typed, and gives ports that are ports", () => {
    const pieces = fc.constantFrom(
      "svc/",
      "pod/",
      "dns/",
      "http://",
      "https://",
      "[",
      "]",
      ":",
      "/",
      ".",
      "%",
      "fd00::1",
      "10.0.0.1",
      "80",
      "65536",
      "a",
      "-",
      "\u0000",
      "é",
    );
    const input = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(pieces, { maxLength: 8 }).map((p) => p.join("")),
      fc.webUrl(),
    );
    fc.assert(
      fc.property(input, (text) => {
        const symptom = parseSymptom(text, "default");
        expect(symptom.input).toBe(text);
        if ("error" in symptom) return;
        const port =
          "port" in symptom && symptom.port !== null && /^\d+$/.test(String(symptom.port))
            ? Number(symptom.port)
            : null;
        if (port !== null) expect(port >= 1 && port <= 65535).toBe(true);
        if (symptom.kind === "address") expect(parseIp(symptom.ip.text)).toEqual(symptom.ip);
      }),
      { numRuns: 2000 },
    );
  });

  test("takes no time over text that is made to take some", () => {
    const texts = ["svc/", "dns/", "", "["].map((p) => `${p}${"a.".repeat(2000)}!`);
    const ms = processorMs(() => {
      for (const text of [...texts, `${":".repeat(4000)}1`]) parseSymptom(text, "default");
    });
    expect(ms).toBeLessThan(200);
  });
});
