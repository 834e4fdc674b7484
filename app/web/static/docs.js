/** The reference: Swagger UI over the document, with the key that this tab has from the page. */

import { currentKey } from "./key.js";

const SwaggerUIBundle = /** @type {any} */ (window).SwaggerUIBundle;

const dark = matchMedia("(prefers-color-scheme: dark)");
const colour = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", colour);
colour();

const reference = SwaggerUIBundle({
  url: "api/openapi.json",
  domNode: document.getElementById("reference"),
  deepLinking: true,
  // Its judge of documents is somewhere else.
  validatorUrl: null,
  defaultModelsExpandDepth: 0,
  docExpansion: "list",
  onComplete: () => {
    const key = currentKey();
    if (key) reference.preauthorizeApiKey("apiKey", key);
  },
});
