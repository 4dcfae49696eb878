package io.iommufd4j.cli.replace;

/**
 * Something that has to hold after a replace, and whether it does.
 *
 * @param claim what should be so
 * @param holds whether it is
 * @param seen what the kernel or the device showed
 */
public record Check(String claim, boolean holds, String seen) {}
