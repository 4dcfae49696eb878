// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.examples.nvme;

/** A controller did not do what it has to; the message says what. */
final class NvmeException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  NvmeException(String message) {
    super(message);
  }
}
