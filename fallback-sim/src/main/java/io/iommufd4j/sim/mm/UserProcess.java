package io.iommufd4j.sim.mm;

/**
 * A process as the kernel knows it ({@code struct mm_struct} and what of the task limits it).
 *
 * @param pid its number
 * @param memory its memory
 * @param accounting what it has pinned, and may pin
 */
public record UserProcess(long pid, UserMemory memory, Accounting accounting) {}
