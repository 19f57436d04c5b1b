/**
 * The wire form of what is said over a doorbell: the message, and the version of its shape. What was said in a version
 * that is not known here is heard as null, as is what cannot be read: "something happened, look at everything".
 */
const VERSION = 1;

export function encodeMessage(message: object): string {
  return JSON.stringify({ v: VERSION, ...message });
}

export function decodeMessage(text: string): unknown {
  try {
    const said = JSON.parse(text) as unknown;
    if (typeof said !== 'object' || said === null || Array.isArray(said)) return null;
    const { v = VERSION, ...message } = said as { v?: unknown };
    return v === VERSION ? message : null;
  } catch {
    return null;
  }
}
