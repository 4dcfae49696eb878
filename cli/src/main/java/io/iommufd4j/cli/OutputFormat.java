package io.iommufd4j.cli;

/** How a result is shown. */
enum OutputFormat {
  TEXT,
  JSON
}
