// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.run;

/** The format a result is shown in. */
public enum OutputFormat {
  TEXT,
  JSON
}
