package io.iommufd4j.sim.iommu;

/**
 * What an owner hangs on an attachment, fresh for each one, so that a fault reported meanwhile is
 * never credited to the next ({@code struct iommu_attach_handle}).
 */
public class AttachHandle {}
