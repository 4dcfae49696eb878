// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.examples.nvme;

/**
 * A drive of a controller.
 *
 * @param id from 1
 * @param blocks how many it has
 * @param blockBytes of each
 */
record Namespace(int id, long blocks, int blockBytes) {}
