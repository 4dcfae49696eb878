// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.errors;

import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import java.util.function.BiConsumer;

/**
 * One way in which Linux refuses a command.
 *
 * @param command the command
 * @param errno what it answers
 * @param when what is wrong, in a few words
 * @param fill makes what the request needs, and the block that is refused
 */
record ErrorPath(Request command, Errno errno, String when, BiConsumer<Scene, RequestBlock> fill) {

  /** The command and what is wrong: the name of the test. */
  @Override
  public String toString() {
    return command + ": " + when + " (" + errno.name() + ")";
  }

  /** Provokes it on the kernel, and returns the result: −errno if it is as written here. */
  int provoke(Scene scene) {
    RequestBlock block = scene.block(command);
    fill.accept(scene, block);
    return scene.answer(block);
  }
}
