// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

import java.util.Optional;
import java.util.UUID;

/**
 * The options of a replace.
 *
 * @param target the translation once it is done
 * @param rounds the number of replaces to time beside detach + attach; 0 for none
 * @param proveDma true if the device's DMA is to show whose memory it reaches, before and after
 * @param vfToken opens a virtual function whose physical one vfio-pci holds
 */
public record ReplaceOrder(
    ReplaceTarget target, int rounds, boolean proveDma, Optional<UUID> vfToken) {}
