// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommufd;

import io.iommufd4j.sim.iommu.IommuDevice;

/** A device of a group that is bound to a context, as far as its attachments need it. */
interface BoundDevice {

  /** Its object id. */
  int id();

  /** The device itself. */
  IommuDevice hardware();
}
