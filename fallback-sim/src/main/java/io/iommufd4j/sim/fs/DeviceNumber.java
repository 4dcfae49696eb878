package io.iommufd4j.sim.fs;

/**
 * The number of a character device ({@code dev_t}).
 *
 * @param major the driver's part
 * @param minor the device's part
 */
public record DeviceNumber(int major, int minor) {

  /** {@code makedev(3)}. */
  long encoded() {
    return (major & ~0xfffL) << 32
        | (minor & ~0xffL) << 12
        | (major & 0xfffL) << 8
        | (minor & 0xffL);
  }
}
