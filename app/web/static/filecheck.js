/** Whether a chosen file is worth sending, by its size and its first bytes. The service has the last word. */

const HEAD_BYTES = 16;
const MIB = 2 ** 20;

/** What files begin with: from which byte on, the bytes as Latin-1, the field that takes such files, their name. */
const SIGNATURES = /** @type {[number, string, string, string][]} */ ([
  [0, "\xff\xd8\xff", "image", "a picture"],
  [0, "\x89PNG\r\n\x1a\n", "image", "a picture"],
  [8, "WEBP", "image", "a picture"],
  [0, "OggS", "audio", "a recording"],
  [0, "ID3", "audio", "a recording"],
  [0, "fLaC", "audio", "a recording"],
  [8, "WAVE", "audio", "a recording"],
  [8, "AIF", "audio", "a recording"],
  [4, "ftypM4A", "audio", "a recording"],
  [0, "%PDF", "", "a PDF"],
  [0, "GIF8", "", "a GIF"],
  [0, "II*\0", "", "a TIFF"],
  [0, "MM\0*", "", "a TIFF"],
  [8, "AVI ", "", "a video"],
  [0, "#!AMR", "", "an AMR recording"],
  [0, "PK\x03\x04", "", "an archive or a document"],
]);
/** Boxes of these begin pictures, sound and video alike: the service looks into them. */
const CONTAINERS = /** @type {[number, string][]} */ ([[4, "ftyp"], [0, "\x1aE\xdf\xa3"]]);

/**
 * Why the service wouldn't take the file, as a sentence; "" where it might.
 * @param {File} file @param {{field: string, accepted: string, maxBytes: number}} rule
 */
export async function faultOf(file, { field, accepted, maxBytes }) {
  if (file.size === 0) return "This file is empty.";
  if (file.size > maxBytes) return `This file is too large: at most ${maxBytes / MIB} MiB are taken.`;
  try {
    const what = wrongKind(await headOf(file), file.type, field);
    return what && `${what} Choose ${accepted}.`;
  } catch {
    return "This file can't be read any more. Choose it again.";
  }
}

async function headOf(file) {
  const bytes = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  return String.fromCharCode(...bytes);
}

function wrongKind(head, type, field) {
  const begins = ([at, bytes]) => head.startsWith(bytes, at);
  const [, , taker, name] = SIGNATURES.find(begins) ?? [];
  if (taker !== undefined) return taker === field ? "" : `This is ${name}.`;
  if (CONTAINERS.some(begins)) return "";
  if (field === "image") return "This isn't a picture.";
  // A sound may begin with anything: its first frame comes later.
  return type === "" || type.startsWith("audio/") ? "" : "This isn't a recording.";
}
