// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.view;

import java.util.function.Supplier;

/** A file of text or bytes that is made up when it is read. */
record AttributeFile(String path, FileFacts facts, boolean writable, Supplier<byte[]> reads)
    implements Found.Attribute {

  @Override
  public byte[] content() {
    return reads.get();
  }
}
