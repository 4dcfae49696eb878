// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.vmm;

import io.iommufd4j.IommufdRef;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Backend;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.KernelIdentity;
import io.iommufd4j.process.ForeignProcess;
import io.iommufd4j.process.IommufdProbe;
import io.iommufd4j.uapi.DeviceId;
import io.iommufd4j.uapi.HwptId;
import io.iommufd4j.uapi.IoasId;
import io.iommufd4j.vfio.VfioDeviceRef;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The program of a process beside iommufdctl that puts a VMM's page table back when iommufdctl is
 * killed: it has the VMM's descriptors, reads from a pipe which HWPT was made, and acts when the
 * pipe ends without a word that all is done. What kills both, as a kill of the whole process group,
 * is beyond it.
 */
public final class RestoreOnKill {

  /** The line that it prints once it could act. */
  static final String READY = "ready";

  static final String MADE = "made ";
  static final String OVER = "over";

  private static final String END = "end";
  private static final long LOOK_MILLIS = 200;

  private final Kernel kernel = Backend.provider(KernelIdentity.NATIVE).open();
  private final BlockingQueue<String> words = new LinkedBlockingQueue<>();

  private RestoreOnKill() {}

  /**
   * Waits, and restores.
   *
   * @param arguments the VMM's pid, its descriptors of the iommufd and of the device, and the ids
   *     of a device, the IOAS and the HWPT that translates
   */
  public static void main(String[] arguments) {
    new RestoreOnKill().run(arguments);
  }

  private void run(String[] arguments) {
    try (var process = ForeignProcess.open(kernel, Long.parseLong(arguments[0]))) {
      var iommufd = IommufdRef.of(kernel, process.descriptor(Integer.parseInt(arguments[1])));
      var device = VfioDeviceRef.of(kernel, process.descriptor(Integer.parseInt(arguments[2])));
      Thread.ofPlatform().daemon().start(this::listen);
      System.out.println(READY);
      System.out.flush();
      Optional<HwptId> made = await(process);
      if (made.isPresent()) {
        device.assumeBound(iommufd, new DeviceId(Integer.parseInt(arguments[3])));
        var ioas = new IoasId(Integer.parseInt(arguments[4]));
        restore(iommufd, device, made.get(), ioas, new HwptId(Integer.parseInt(arguments[5])));
      }
    }
  }

  private void listen() {
    try (var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        words.add(line);
      }
    } catch (IOException gone) {
      // As at the end.
    }
    words.add(END);
  }

  /** The HWPT that was made, once iommufdctl is gone; empty when nothing is left to do. */
  private Optional<HwptId> await(ForeignProcess process) {
    Optional<HwptId> made = Optional.empty();
    while (true) {
      String word;
      try {
        word = words.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return made;
      }
      if (word == null) {
        if (process.ended(Duration.ZERO)) {
          return Optional.empty();
        }
      } else if (word.startsWith(MADE)) {
        made = Optional.of(new HwptId(Integer.parseInt(word.substring(MADE.length()))));
      } else {
        return word.equals(OVER) || process.ended(Duration.ZERO) ? Optional.empty() : made;
      }
    }
  }

  private static void restore(
      IommufdRef iommufd, VfioDeviceRef device, HwptId made, IoasId ioas, HwptId old) {
    try {
      // Nothing is attached to it: the kill came before the replace, or after the way back.
      iommufd.destroy(made);
    } catch (KernelException refused) {
      if (refused.errno() != Errno.EBUSY) {
        return;
      }
      device.assumeAttached(made);
      device.replace(IommufdProbe.exists(iommufd, old) ? old : ioas);
      iommufd.destroy(made);
    }
  }
}
