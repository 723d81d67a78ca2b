"use strict";

SwaggerUIBundle({
  dom_id: "#documentation",
  url: "openapi.json",
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis],
  // the default asks a validator on another host
  validatorUrl: null,
});
