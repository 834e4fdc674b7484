/** The reference: Swagger UI over the document, with the key that this tab has from the page. */

import { currentKey } from "./key.js";

const SwaggerUIBundle = /** @type {any} */ (window).SwaggerUIBundle;

const dark = matchMedia("(prefers-color-scheme: dark)");
const colour = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", colour);
colour();

let hasDocument = false;

/** Swagger UI fills a form with samples: here a part that may be left out begins empty. */
function beginsEmpty(/** @type {any} */ response) {
  // What comes later answers those who try.
  if (hasDocument || !response.ok) return response;
  hasDocument = true;
  const document = JSON.parse(response.text);
  const form = document.paths["/api/jobs"].post.requestBody.content["multipart/form-data"].schema;
  for (const [name, part] of Object.entries(form.properties)) {
    if (!form.required.includes(name) && !("default" in part)) part.example = "";
  }
  return { ...response, text: JSON.stringify(document) };
}

const reference = SwaggerUIBundle({
  url: "api/openapi.json",
  domNode: document.getElementById("reference"),
  deepLinking: true,
  // Its judge of documents is somewhere else.
  validatorUrl: null,
  defaultModelsExpandDepth: 0,
  docExpansion: "list",
  responseInterceptor: beginsEmpty,
  onComplete: () => {
    const key = currentKey();
    if (key) reference.preauthorizeApiKey("apiKey", key);
  },
});
