// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.data;

import io.iommufd4j.bindings.iommufd.iommufd_h;

/** The answer to a group of page faults ({@code enum iommufd_page_response_code}). */
public enum PageResponse {
  /** The pages are there now: the device tries again. */
  SUCCESS(iommufd_h.IOMMUFD_PAGE_RESP_SUCCESS()),
  /** They will not be there: the device gives up. */
  INVALID(iommufd_h.IOMMUFD_PAGE_RESP_INVALID());

  private final int code;

  PageResponse(int code) {
    this.code = code;
  }

  /** {@return the number of {@code enum iommufd_page_response_code}} */
  public int code() {
    return code;
  }
}
