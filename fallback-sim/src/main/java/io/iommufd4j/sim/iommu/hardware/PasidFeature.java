// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.iommu.hardware;

/** An optional feature of a device's PASID capability ({@code pci_pasid_features}). */
public enum PasidFeature {
  /** Requests may ask for what is to be executed ({@code PCI_PASID_CAP_EXEC}). */
  EXECUTE,
  /** Requests may be privileged ({@code PCI_PASID_CAP_PRIV}). */
  PRIVILEGED
}
