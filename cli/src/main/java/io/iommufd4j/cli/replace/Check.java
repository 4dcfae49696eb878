package io.iommufd4j.cli.replace;

/**
 * Something that has to hold after a replace, and whether it does.
 *
 * @param check what should be so
 * @param holds whether it is
 * @param observed what the kernel or the device showed
 */
public record Check(String check, boolean holds, String observed) {}
