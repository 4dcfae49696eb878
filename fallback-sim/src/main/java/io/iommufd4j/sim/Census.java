// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

/**
 * The counts of everything that a simulated kernel holds. When everything is closed, all of them
 * are 0.
 *
 * @param openFiles descriptors
 * @param contexts iommufd contexts: each lives while its file is open or a device is bound to it
 * @param objects iommufd objects, in all contexts
 * @param pinnedPages pages pinned for DMA, whatever they count against
 */
public record Census(int openFiles, int contexts, int objects, long pinnedPages) {

  /** Nothing at all. */
  public static final Census NOTHING = new Census(0, 0, 0, 0);
}
