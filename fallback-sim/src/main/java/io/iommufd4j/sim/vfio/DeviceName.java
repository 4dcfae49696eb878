// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.vfio;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.vfio.pci.VfToken;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The name of a device in {@code VFIO_GROUP_GET_DEVICE_FD} ({@code vfio_pci_core_match}): its
 * address, and perhaps {@code vf_token=} with a UUID behind it.
 */
final class DeviceName {

  private static final String TOKEN = "vf_token=";
  private static final int UUID_LENGTH = 36;
  private static final Pattern UUID_FORM =
      Pattern.compile("\\p{XDigit}{8}(-\\p{XDigit}{4}){3}-\\p{XDigit}{12}");

  private DeviceName() {}

  /**
   * True if a name means a device.
   *
   * @throws Refused EINVAL for an unknown or repeated option and for what is no UUID; and as {@link
   *     VfToken#check}
   */
  static boolean matches(VfioDevice device, String name) {
    String address = device.function().address();
    if (!name.startsWith(address)) {
      return false;
    }
    String options = name.substring(address.length());
    if (!options.isEmpty() && options.charAt(0) != ' ') {
      return false;
    }
    device.checkToken(token(options));
    return true;
  }

  private static @Nullable UUID token(String options) {
    UUID token = null;
    int at = 0;
    while (at < options.length()) {
      if (options.charAt(at) == ' ') {
        at++;
        continue;
      }
      int start = at + TOKEN.length();
      if (token != null
          || !options.startsWith(TOKEN, at)
          || options.length() < start + UUID_LENGTH) {
        throw Refused.with(Errno.EINVAL);
      }
      token = parse(options.substring(start, start + UUID_LENGTH));
      at = start + UUID_LENGTH;
    }
    return token;
  }

  private static UUID parse(String text) {
    if (!UUID_FORM.matcher(text).matches()) {
      throw Refused.with(Errno.EINVAL);
    }
    return UUID.fromString(text);
  }
}
