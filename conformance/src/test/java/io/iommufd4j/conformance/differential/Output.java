package io.iommufd4j.conformance.differential;

/**
 * An id or a descriptor of 32 bits that a request hands back, and the slot that keeps it.
 *
 * @param offset bytes from the block's start
 * @param file whether it is a descriptor, whose number no two kernels choose alike
 */
record Output(int offset, boolean file, int slot) {}
