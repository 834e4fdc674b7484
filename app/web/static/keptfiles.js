/** Files that this browser keeps for a day (IndexedDB), so that a reload or a way back doesn't lose them. */

const DATABASE = "talkreel";
const STORE = "files";
const KEPT_MS = 86_400_000;
const TAB = "talkreel-tab";

/** The name of what is chosen in a field. Each tab has its own. @param {string} field */
export const chosenIn = (field) => `${tab()}/${field}`;

/** The name of a job's picture. @param {string} jobId */
export const pictureOf = (jobId) => `job/${jobId}`;

/** Keeps a file under a name. @param {string} name @param {File} file */
export const keepFile = (name, file) =>
  within("readwrite", (files) => {
    files.put({ name, file, keptAt: Date.now() });
    forgetOld(files);
  });

/** @param {string} name */
export const forgetFile = (name) => within("readwrite", (files) => files.delete(name));

/** The file of that name, or null where none is kept. @param {string} name @returns {Promise<File | null>} */
export async function keptFile(name) {
  const kept = await within("readonly", (files) => files.get(name));
  return kept && kept.keptAt > Date.now() - KEPT_MS ? kept.file : null;
}

/** What the request brought that `work` makes; undefined where the browser keeps nothing. */
async function within(mode, work) {
  let database;
  try {
    database = await opened();
    const transaction = database.transaction(STORE, mode);
    const request = work(transaction.objectStore(STORE));
    await new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    return request?.result;
  } catch {
    return undefined;
  } finally {
    database?.close();
  }
}

/** @returns {Promise<IDBDatabase>} */
function opened() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore(STORE, { keyPath: "name" }).createIndex("keptAt", "keptAt");
    };
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
}

/** @param {IDBObjectStore} files */
function forgetOld(files) {
  const finding = files.index("keptAt").openCursor(IDBKeyRange.upperBound(Date.now() - KEPT_MS));
  finding.onsuccess = () => {
    finding.result?.delete();
    finding.result?.continue();
  };
}

function tab() {
  const known = sessionStorage.getItem(TAB) ?? String(crypto.getRandomValues(new BigUint64Array(1))[0]);
  sessionStorage.setItem(TAB, known);
  return known;
}
