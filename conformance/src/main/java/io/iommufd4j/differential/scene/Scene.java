// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.scene;

import io.iommufd4j.differential.program.Step;
import io.iommufd4j.differential.scene.Shadow.Area;
import io.iommufd4j.differential.scene.Shadow.Context;
import io.iommufd4j.differential.scene.Shadow.Device;
import io.iommufd4j.differential.scene.Shadow.Ioas;
import java.util.ArrayList;
import java.util.List;

/** A program being written, what its steps should have brought about, and choices from that. */
public final class Scene {

  /** Of a hundred requests, how many have something wrong about them. */
  private static final int SPOILT = 11;

  /** The same of sequences. */
  private static final int SPOILT_OF_SEQUENCES = 2;

  /**
   * Bytes that a mapping covers at most where somebody may read in its middle: what lies further
   * behind the regions than their gap is not the same on two kernels.
   */
  private static final long MOST_MAPPED = 240 * Addresses.PAGE;

  /** True if the program has mock devices; it has none of VFIO's then. */
  public final boolean mock;

  /**
   * True if the program reads dirty bits. They depend on which pages lie side by side in physical
   * memory, so such a program uses only memory of which this is known.
   */
  public final boolean tracksDirty;

  /**
   * True if mock devices have PASIDs. Such a program destroys nothing, closes nothing and detaches
   * all in the end.
   */
  public final boolean hasPasids;

  public final Dice dice;
  public final Addresses addresses;
  public final Shadow shadow = new Shadow();
  public final List<Step> steps = new ArrayList<>();
  private final Mutation mutation;

  /** An empty one; with mock devices IOVAs are chosen from what those translate. */
  public Scene(Dice dice, boolean mock) {
    this.dice = dice;
    this.mock = mock;
    int kind = dice.below(100);
    tracksDirty = mock && kind < 25;
    hasPasids = mock && kind >= 80;
    addresses = new Addresses(dice, mock);
    mutation = new Mutation(dice, addresses, shadow);
  }

  public void send(Draft draft) {
    send(draft, SPOILT);
  }

  /** One of a sequence that leads far only when nearly all of it succeeds. */
  public void sure(Draft draft) {
    send(draft, SPOILT_OF_SEQUENCES);
  }

  private void send(Draft draft, int spoilt) {
    if (dice.percent(spoilt)) {
      mutation.spoil(draft);
    }
    if (mock && !hasPasids) {
      draft.withoutPasids();
    }
    if (mock) {
      draft.capped(MOST_MAPPED);
    }
    if (shadow.ownMemoryInIoas) {
      draft.copiesToFixedIova();
    }
    steps.add(draft.step());
  }

  public Context context() {
    return shadow.contexts.get(
        shadow.contexts.size() > 1 && dice.percent(25) ? dice.below(shadow.contexts.size()) : 0);
  }

  public int file(Context context) {
    return context.files.size() == 1 ? context.files.getFirst() : dice.of(context.files);
  }

  public Ioas anyIoas(Context context) {
    return context.ioas.isEmpty() || dice.percent(2)
        ? new Ioas(anyObject(context))
        : dice.of(context.ioas);
  }

  /** One with something mapped, where there is one. */
  public Ioas mappedIoas(Context context) {
    var mapped = context.ioas.stream().filter(ioas -> !ioas.areas.isEmpty()).toList();
    return mapped.isEmpty() || dice.percent(10) ? anyIoas(context) : dice.of(mapped);
  }

  public Area anyArea(Ioas ioas) {
    return ioas.areas.isEmpty() || dice.percent(5)
        ? new Area(addresses.iova(), addresses.length(), null)
        : dice.of(ioas.areas);
  }

  public Device anyDevice(Context context) {
    var own = shadow.devices.stream().filter(device -> device.context == context).toList();
    if (!own.isEmpty() && dice.percent(96)) {
      return dice.of(own);
    }
    if (!shadow.devices.isEmpty()) {
      return dice.of(shadow.devices);
    }
    var none = new Device(0, dice.below(shadow.files() + 1));
    none.idSlot = anyObject(context);
    return none;
  }

  /** The id of any device that can have an HWPT: VFIO's or a mock. */
  public int anyDeviceId(Context context) {
    return mock(context) && dice.percent(shadow.devices.isEmpty() ? 97 : 70)
        ? dice.of(context.mocks).idSlot()
        : anyDevice(context).idSlot;
  }

  /** True if there are mock devices, with which nesting works. */
  public boolean mock(Context context) {
    return !context.mocks.isEmpty();
  }

  /** True if a file is a VFIO device. */
  public boolean device(int file) {
    return shadow.devices.stream().anyMatch(device -> device.file == file);
  }

  public int anyPageTable(Context context) {
    if (!context.hwpts.isEmpty() && dice.percent(50)) {
      return dice.of(context.hwpts).slot();
    }
    return anyIoas(context).slot;
  }

  public int anyViommu(Context context) {
    return context.viommus.isEmpty() || dice.percent(5)
        ? anyObject(context)
        : dice.of(context.viommus);
  }

  /** Any slot; ids that are gone are among them. */
  public int anyObject(Context context) {
    int chance = dice.below(10);
    if (chance < 3 && !context.hwpts.isEmpty()) {
      return dice.of(context.hwpts).slot();
    }
    if (chance < 4 && !context.ioas.isEmpty()) {
      return dice.of(context.ioas).slot;
    }
    return dice.below(shadow.objects() + 1);
  }
}
