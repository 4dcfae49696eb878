// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import io.iommufd4j.sim.iommufd.IommufdContext;
import io.iommufd4j.sim.iommufd.IommufdFile;
import io.iommufd4j.sim.iommufd.command.Command;
import io.iommufd4j.sim.iommufd.command.Commands;
import io.iommufd4j.sim.selftest.Selftest;
import io.iommufd4j.wire.PerThread;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/** The iommufd contexts of a kernel: one for each open of {@code /dev/iommu}. */
final class Contexts {

  private final Set<IommufdContext> contexts = ConcurrentHashMap.newKeySet();
  private final Supplier<IommufdContext> maker;
  private final Selftest selftest;
  private final PerThread<Command> commands = Commands.ofThreads();

  Contexts(Supplier<IommufdContext> maker, Selftest selftest) {
    this.maker = maker;
    this.selftest = selftest;
  }

  /** {@code iommufd_fops_open}: a file with a new context. */
  IommufdFile open() {
    IommufdContext context = maker.get();
    contexts.removeIf(IommufdContext::gone);
    contexts.add(context);
    return new IommufdFile(context, new Commands(context, selftest, commands));
  }

  /** The number of contexts. */
  int size() {
    contexts.removeIf(IommufdContext::gone);
    return contexts.size();
  }

  /** The number of objects in all of them. */
  int objects() {
    return contexts.stream().mapToInt(IommufdContext::objectCount).sum();
  }
}
