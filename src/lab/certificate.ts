import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

const ECDSA_WITH_SHA256 = [1, 2, 840, 10045, 4, 3, 2];

/** A self-signed certificate for 127.0.0.1, in DER by hand (RFC 5280): Node can sign, but has no way to make one. */
export function makeCertificate(name: string): { certificate: string; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = sequence(objectId(ECDSA_WITH_SHA256));
  const issuer = sequence(set(sequence(objectId([2, 5, 4, 3]), der(0x0c, Buffer.from(name)))));
  const serial = randomBytes(16);
  serial[0] = ((serial[0] as number) & 0x7f) | 0x40; // positive, and without a leading zero
  const publicKeyInfo = publicKey.export({ type: "spki", format: "der" });
  const keyId = createHash("sha1").update(publicKeyInfo).digest();
  const yearMs = 365 * 86_400_000;
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    algorithm,
    issuer,
    sequence(time(Date.now() - 3_600_000), time(Date.now() + yearMs)),
    issuer,
    publicKeyInfo,
    der(
      0xa3,
      sequence(
        extension([2, 5, 29, 19], sequence(der(0x01, Buffer.from([0xff])))), // basicConstraints: a CA
        extension([2, 5, 29, 15], der(0x03, Buffer.from([0x02, 0x84]))), // keyUsage: digitalSignature, keyCertSign
        extension([2, 5, 29, 37], sequence(objectId([1, 3, 6, 1, 5, 5, 7, 3, 1]))), // extKeyUsage: serverAuth
        extension([2, 5, 29, 14], der(0x04, keyId)), // subjectKeyIdentifier
        extension(
          [2, 5, 29, 17],
          sequence(der(0x82, Buffer.from("localhost")), der(0x87, Buffer.from([127, 0, 0, 1]))),
        ),
      ),
    ),
  );
  const signature = sign("sha256", body, privateKey);
  const certificate = sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return {
    certificate: pem("CERTIFICATE", certificate),
    key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  };
}

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const length = content.length;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  return Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, ...parts);
}

function set(...parts: Buffer[]): Buffer {
  return der(0x31, ...parts);
}

function objectId(arcs: readonly number[]): Buffer {
  const [first = 0, second = 0, ...rest] = arcs;
  const bytes = rest.flatMap((arc) => {
    const digits = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
    return digits;
  });
  return der(0x06, Buffer.from([first * 40 + second, ...bytes]));
}

function extension(id: readonly number[], value: Buffer): Buffer {
  return sequence(objectId(id), der(0x04, value));
}

function time(at: number): Buffer {
  const digits = new Date(at).toISOString().replace(/[-:T]|\.\d+/g, "");
  return der(0x17, Buffer.from(digits.slice(2)));
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
