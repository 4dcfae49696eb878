// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential;

import io.iommufd4j.differential.mock.MockSequences;
import io.iommufd4j.differential.mock.MockSteps;
import io.iommufd4j.differential.program.Program;
import io.iommufd4j.differential.program.Step;
import io.iommufd4j.differential.scene.Addresses;
import io.iommufd4j.differential.scene.Dice;
import io.iommufd4j.differential.scene.Scene;
import io.iommufd4j.differential.scene.Shadow.Context;
import io.iommufd4j.differential.steps.DeviceSequences;
import io.iommufd4j.differential.steps.DeviceSteps;
import io.iommufd4j.differential.steps.FileSteps;
import io.iommufd4j.differential.steps.GarbageSteps;
import io.iommufd4j.differential.steps.GroupSteps;
import io.iommufd4j.differential.steps.IoasSteps;
import io.iommufd4j.differential.steps.ObjectSteps;
import io.iommufd4j.differential.steps.Type1Steps;
import java.util.List;

/**
 * Writes a program from a seed. Most requests make sense where they stand, some nearly do, a few do
 * not at all. What a seed gives changes with this code: recorded answers name its {@link #VERSION}.
 */
public final class Generator {

  /** Raised whenever a seed no longer gives what it gave. */
  public static final int VERSION = 5;

  /**
   * So many of a hundred programs begin with a device that vfio-pci does not have; it gets it with
   * as many of a hundred steps.
   */
  private static final int LATE = 12;

  private final boolean mock;
  private final boolean groups;
  private boolean limited;
  private final Scene scene;
  private final Dice dice;
  private final FileSteps files;
  private final DeviceSteps devices;
  private final IoasSteps ioas;
  private final Type1Steps type1;
  private final ObjectSteps objects;
  private final MockSteps mocks;
  private final GarbageSteps garbage;
  private final MockSequences mockSequences;
  private final DeviceSequences deviceSequences;
  private final GroupSteps group;

  private Generator(long seed) {
    dice = new Dice(seed);
    int kind = dice.below(100);
    mock = kind < 45;
    groups = kind >= 83;
    scene = new Scene(dice, mock);
    files = new FileSteps(scene);
    devices = new DeviceSteps(scene, files);
    ioas = new IoasSteps(scene, devices);
    type1 = new Type1Steps(scene);
    objects = new ObjectSteps(scene);
    mocks = new MockSteps(scene);
    garbage = new GarbageSteps(scene);
    mockSequences = new MockSequences(scene);
    deviceSequences = new DeviceSequences(scene, files);
    group = new GroupSteps(scene, deviceSequences);
  }

  /** The program of a seed. */
  public static Program program(long seed) {
    var generator = new Generator(seed);
    generator.begin();
    int length = generator.dice.percent(80) ? 50 : 150;
    while (generator.scene.steps.size() < length) {
      generator.step();
    }
    if (generator.scene.hasPasids) {
      generator.mocks.finish();
    }
    return new Program(generator.scene.steps);
  }

  private void begin() {
    limited = dice.percent(10);
    if (limited) {
      memlock();
    }
    int contexts = dice.percent(25) ? 2 : 1;
    for (int i = 0; i < contexts; i++) {
      files.openIommufd();
      if (limited && dice.percent(50)) {
        ioas.countPerProcess(scene.shadow.contexts.getLast());
      }
    }
    if (!mock && dice.percent(LATE)) {
      files.unbind();
    }
    int opened = (int) (groups ? dice.of(0, 0, 0, 1) : dice.of(0, 1, 1, 2, 2, 2, 3, 4));
    for (int i = 0; i < opened; i++) {
      files.openDevice();
    }
    List.copyOf(scene.shadow.devices).forEach(device -> files.bind(device, scene.context()));
    for (Context context : scene.shadow.contexts) {
      ioas.ioasAlloc(context);
      if (dice.percent(50)) {
        ioas.ioasAlloc(context);
      }
      if (mock) {
        mocks.device(context);
      }
    }
  }

  private void memlock() {
    scene.steps.add(
        new Step.Memlock(Addresses.PAGE * dice.below(40) + dice.of(0, 0, Addresses.PAGE - 1)));
  }

  private void step() {
    if (limited && dice.percent(2)) {
      memlock();
    }
    if (scene.shadow.contexts.isEmpty()) {
      files.openIommufd();
      ioas.ioasAlloc(scene.shadow.contexts.getFirst());
      return;
    }
    if (scene.shadow.unbound >= 0 && dice.percent(LATE)) {
      files.bindAgain();
      return;
    }
    Context context = scene.context();
    if (mock && dice.percent(6)) {
      mockSequences.next(context);
      return;
    }
    if (!mock && dice.percent(2)) {
      deviceSequences.next(context);
      return;
    }
    if (groups && dice.percent(55)) {
      group.step(context);
      return;
    }
    if (mock && dice.percent(45)) {
      if (dice.percent(60)) {
        mocks.step(context);
      } else {
        objects.step(context);
      }
      return;
    }
    int chance = dice.below(1000);
    if (chance < 650) {
      ioas.step(context);
    } else if (chance < 810) {
      devices.step(context);
    } else if (chance < 870) {
      type1.step(context);
    } else if (chance < 920) {
      files.step();
    } else if (chance < 970) {
      objects.step(context);
    } else {
      garbage.step(context);
    }
  }
}
