// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.function;

import static io.iommufd4j.bindings.pci.pci_h.PCI_COMMAND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.iommufd4j.sim.driver.IommuPreset;
import io.iommufd4j.sim.iommu.IommuDevice;
import io.iommufd4j.sim.pci.FunctionReset;
import io.iommufd4j.sim.pci.PciFunction;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A card that receives what it sends, driven by its registers behind VT-d. */
final class IgbFunctionTest {

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

  private static final int CTRL = 0x0000;
  private static final int STATUS = 0x0008;
  private static final int MDIC = 0x0020;
  private static final int RCTL = 0x0100;
  private static final int TCTL = 0x0400;
  private static final int GPIE = 0x1514;
  private static final int EICS = 0x1520;
  private static final int EIMS = 0x1524;
  private static final int EIMC = 0x1528;
  private static final int EIAC = 0x152c;
  private static final int EIAM = 0x1530;
  private static final int EICR = 0x1580;
  private static final int IVAR = 0x1700;
  private static final int SRRCTL = 0x280c;
  private static final int RDH = 0x2810;
  private static final int RDT = 0x2818;
  private static final int TDH = 0x3810;
  private static final int TDT = 0x3818;

  private static final int LOOPBACK = 0x40;
  private static final int STRIPS_CHECKSUM = 0x0400_0000;
  private static final int ON = 0x02 | 0x08 | LOOPBACK | STRIPS_CHECKSUM;
  private static final int LINK_UP = 0x0420_1200;

  private static final int ENTRIES = 8;
  private static final long IOVA = 0x10_0000;
  private static final long SENT = 0x0000;
  private static final long RECEIVED = 0x1000;
  private static final long FROM = 0x2000;
  private static final long TO = 0x4000;
  private static final int DATA = 0x2030_0000;
  private static final int LAST = 0x0100_0000;
  private static final int REPORT = 0x0800_0000;

  private final TestMachine machine = new TestMachine(IommuPreset.VTD);
  private final IgbFunction card = machine.igb("0000:01:00.0");
  private final MemorySegment memory = machine.pages(8);
  private final List<Integer> messages = new ArrayList<>();

  @BeforeEach
  void start() {
    TestMachine.attach(card.device().group(), machine.domain(card.device(), IOVA, memory));
    card.config().write(PCI_COMMAND(), 2, 6);
    put(MDIC, LINK_UP);
    put(0x2800, (int) (IOVA + RECEIVED));
    put(0x2808, ENTRIES * 16);
    put(0x3800, (int) (IOVA + SENT));
    put(0x3808, ENTRIES * 16);
    put(SRRCTL, 0x0200_0000);
    put(RCTL, ON);
    put(TCTL, 2);
    card.interrupts().allocateMessages(true, messages::add);
  }

  @AfterEach
  void close() {
    machine.close();
  }

  private int get(int offset) {
    return (int) card.readBar(0, offset, 4);
  }

  private void put(int offset, int value) {
    card.store(0, offset, 4, value);
  }

  /** Hands buffers of 2 KiB to the card, from the first descriptor on. */
  private void buffers(int count) {
    for (int i = 0; i < count; i++) {
      memory.set(LONG, RECEIVED + 16L * i, IOVA + TO + 2048L * i);
      memory.set(LONG, RECEIVED + 16L * i + 8, 0);
    }
    put(RDT, count);
  }

  private void descriptor(int index, long iova, int command) {
    memory.set(LONG, SENT + 16L * index, iova);
    memory.set(INT, SENT + 16L * index + 8, command);
    memory.set(INT, SENT + 16L * index + 12, 0);
  }

  private void send(int bytes) {
    descriptor(0, IOVA + FROM, DATA | LAST | bytes);
    put(TDT, 1);
  }

  private int status(int index) {
    return memory.get(INT, RECEIVED + 16L * index + 8);
  }

  private int length(int index) {
    return memory.get(SHORT, RECEIVED + 16L * index + 12) & 0xffff;
  }

  private void fill(int bytes) {
    for (int i = 0; i < bytes; i++) {
      memory.set(BYTE, FROM + i, (byte) (2 * i + 2));
    }
  }

  private long differing(long from, long to, long bytes) {
    return memory.asSlice(from, bytes).mismatch(memory.asSlice(to, bytes));
  }

  @Test
  void theCardSaysWhatItIs() {
    assertEquals(0x8086, card.vendor());
    assertEquals(0x10c9, card.deviceId());
    assertEquals(0x1af4, card.subsystemVendor());
    assertEquals(0x1100, card.subsystem());
    assertEquals(List.of(0, 1, 2, 3), card.bars().stream().map(PciFunction.Bar::index).toList());
    assertFalse(card.mappable(2), "ports");
    assertEquals(
        List.of(FunctionReset.FLR, FunctionReset.PM, FunctionReset.BUS), card.possibleResets());
    assertEquals(0x0180, card.config().read(0x52, 2), "one message, maskable");
    assertEquals(10, card.config().msixVectors());
    assertEquals(0x160, card.config().findExtended(0x10));
  }

  @Test
  void aResetLeavesWhatHardwareHas() {
    put(SRRCTL, 7);
    put(MDIC, 0x0420_1234);
    card.reset();
    assertEquals(0x0010_0209, get(CTRL));
    assertEquals(0x8008_0481, get(STATUS));
    assertEquals(0x0000_1310, get(0x10));
    assertEquals(0x1200_5452, get(0x5400));
    assertEquals(0x0201_0000, get(0x2828));
    assertEquals(0x0201_0000, get(0xc028));
    assertEquals(0, get(SRRCTL));
    assertEquals(0, get(RCTL));
    put(SRRCTL, 7);
    put(CTRL, get(CTRL) | 0x0400_0000);
    assertEquals(0x0010_0209, get(CTRL), "by its own register");
    assertEquals(0, get(SRRCTL));
    put(CTRL, 0x8010_0241);
    assertEquals(0x0010_0241, get(CTRL), "the PHY's reset is over at once");
    put(STATUS, 0);
    put(0x10, 0);
    assertEquals(0x8008_0481, get(STATUS));
    assertEquals(0x0000_1310, get(0x10));
  }

  @Test
  void aFrameComesBack() {
    fill(1024);
    buffers(2);
    send(1024);
    assertEquals(3, status(0));
    assertEquals(1024, length(0));
    assertEquals(-1, differing(FROM, TO, 1024));
    assertEquals(0, status(1), "no other");
    assertEquals(1, get(TDH));
    assertEquals(1, get(RDH));
    assertEquals(0, memory.get(INT, SENT + 12), "no report was asked for");
  }

  @Test
  void aFrameOfSeveralBuffersFillsSeveral() {
    fill(1500);
    buffers(4);
    put(RCTL, ON | 2 << 16); // of 512 bytes
    descriptor(0, IOVA + FROM, DATA | 700);
    descriptor(1, IOVA + FROM + 700, DATA | LAST | 800);
    put(TDT, 2);
    assertEquals(List.of(1, 1, 3), List.of(status(0), status(1), status(2)));
    assertEquals(476, length(2));
    assertEquals(-1, differing(FROM, TO, 512));
    assertEquals(-1, differing(FROM + 1024, TO + 4096, 476));
    put(SRRCTL, 0x0200_0001);
    memory.set(LONG, RECEIVED + 48, IOVA + TO);
    descriptor(2, IOVA + FROM, DATA | LAST | 1024);
    put(TDT, 3);
    assertEquals(1024, length(3));
  }

  @Test
  void aShortFrameIsMadeLongerAndHasItsChecksum() {
    fill(30);
    buffers(2);
    send(30);
    assertEquals(60, length(0));
    assertEquals(0, memory.get(BYTE, TO + 59));
    put(RCTL, ON & ~STRIPS_CHECKSUM);
    descriptor(1, IOVA + FROM, DATA | LAST | 60);
    put(TDT, 2);
    assertEquals(64, length(1));
    var checksum = new CRC32();
    checksum.update(memory.asSlice(FROM, 60).asByteBuffer());
    assertEquals((int) checksum.getValue(), memory.get(INT, TO + 2048 + 60));
  }

  @Test
  void withoutLoopbackLinkQueuesOrMasteringNothingArrives() {
    buffers(7);
    put(RCTL, ON & ~LOOPBACK);
    send(60);
    put(RCTL, ON & ~2);
    send(60);
    descriptor(1, IOVA + FROM, DATA | LAST | 60);
    put(TDT, 2);
    put(RCTL, ON);
    put(0x2828, 0);
    descriptor(2, IOVA + FROM, DATA | LAST | 60);
    put(TDT, 3);
    put(0x2828, 0x0200_0000);
    put(0x3828, 0);
    put(TDT, 4);
    assertEquals(3, get(TDH), "switched off");
    card.config().write(PCI_COMMAND(), 2, 2);
    put(0x3828, 0x0200_0000);
    assertEquals(3, get(TDH), "cannot read");
    assertEquals(0, status(0));
    assertEquals(0, get(RDH));
    card.reset();
    card.config().write(PCI_COMMAND(), 2, 6);
    put(TCTL, 2);
    put(TDT, 1);
    assertEquals(0, get(TDH), "no ring");
  }

  @Test
  void aLinkThatIsDownReceivesNothing() {
    card.reset();
    put(0x2800, (int) (IOVA + RECEIVED));
    put(0x2808, ENTRIES * 16);
    put(0x3800, (int) (IOVA + SENT));
    put(0x3808, ENTRIES * 16);
    put(RCTL, ON);
    put(TCTL, 2);
    buffers(2);
    send(60);
    assertEquals(1, get(TDH));
    assertEquals(0, get(RDH));
  }

  @Test
  void theCardTakesWhatIsMeantForIt() {
    buffers(7);
    int quiet = 0x02 | LOOPBACK | STRIPS_CHECKSUM;
    memory.asSlice(FROM, 64).fill((byte) 0xff);
    assertEquals(List.of(0, 1), List.of(taken(quiet), taken(quiet | 0x8000)), "broadcast");
    memory.set(BYTE, FROM, (byte) 0x33);
    assertEquals(List.of(0, 1), List.of(taken(quiet), taken(quiet | 0x10)), "multicast");
    memory.set(BYTE, FROM, (byte) 0x32);
    assertEquals(List.of(0, 1), List.of(taken(quiet), taken(quiet | 0x08)), "unicast");
    memory.set(INT, FROM, 0x1200_5452);
    memory.set(SHORT, FROM + 4, (short) 0x5634);
    assertEquals(1, taken(quiet), "its own address");
    put(0x5404, 0x5634);
    assertEquals(0, taken(quiet), "which is not in use");
  }

  @Test
  void tooLongOrTooShortFramesAreLost() {
    buffers(7);
    assertEquals(0, taken(ON, 1600));
    assertEquals(1, taken(ON | 0x20, 1600));
    assertEquals(0, taken(ON, 4));
    assertEquals(0, taken(ON, 0));
    for (int i = 0; i < 5; i++) {
      descriptor(i, IOVA + FROM, DATA | 4096);
    }
    descriptor(5, IOVA + FROM, DATA | LAST | 60);
    descriptor(6, IOVA + FROM, DATA | LAST | 60);
    put(TDH, 0);
    int before = get(RDH);
    put(TDT, 7);
    assertEquals(1, get(RDH) - before, "the one behind it");
  }

  private int taken(int control) {
    return taken(control, 64);
  }

  private int taken(int control, int bytes) {
    put(RCTL, control);
    int before = get(RDH);
    put(TDT, 0);
    put(TDH, 0);
    send(bytes);
    return get(RDH) - before;
  }

  @Test
  void aFullRingLosesFramesAndRingsGoRound() {
    buffers(2);
    for (int i = 0; i < 3; i++) {
      descriptor(i, IOVA + FROM, DATA | LAST | 60);
    }
    put(TDT, 3);
    assertEquals(2, get(RDH));
    buffers(7);
    for (int i = 3; i < ENTRIES; i++) {
      descriptor(i, IOVA + FROM, DATA | LAST | 60);
    }
    put(TDT, 2);
    assertEquals(2, get(TDH));
    assertEquals(7, get(RDH));
    put(RDT, 1);
    descriptor(2, IOVA + FROM, DATA | LAST | 60);
    put(TDT, 3);
    assertEquals(0, get(RDH));
    put(RDT, ENTRIES);
    put(TDT, ENTRIES);
    assertEquals(3, get(TDH), "no such descriptor");
  }

  @Test
  void dataOutOfReachIsLostAndNotNoticed() {
    buffers(3);
    memory.asSlice(TO, 64).fill((byte) 5);
    descriptor(0, 0x4000_0000, DATA | LAST | REPORT | 64);
    put(TDT, 1);
    assertEquals(3, status(0), "zeros are sent");
    assertEquals(0, memory.get(LONG, TO));
    assertEquals(1, memory.get(INT, SENT + 12), "reported");
    memory.set(LONG, RECEIVED + 16, 0x4000_0000);
    descriptor(1, IOVA + FROM, DATA | LAST | 64);
    put(TDT, 2);
    assertEquals(3, status(1), "as if it had arrived");
  }

  @Test
  void ringsOutOfReachStandStill() {
    buffers(3);
    put(0x3800, 0x4000_0000);
    send(64);
    assertEquals(0, get(TDH));
    put(0x3800, (int) (IOVA + SENT));
    put(0x2800, 0x4000_0000);
    put(TDT, 1);
    assertEquals(1, get(TDH));
    assertEquals(0, get(RDH));
    // A ring whose second half is out of reach is good as far as it goes.
    put(0x2800, (int) (IOVA + 8 * TestMachine.PAGE - 16));
    memory.set(LONG, 8 * TestMachine.PAGE - 16, IOVA + TO);
    descriptor(1, IOVA + FROM, DATA | LAST | 64);
    descriptor(2, IOVA + FROM, DATA | LAST | 64);
    put(TDT, 3);
    assertEquals(1, get(RDH));
  }

  @Test
  void offloadsChangeNothing() {
    buffers(2);
    descriptor(0, 0x4000_0000, 0x2020_0000);
    descriptor(1, IOVA + FROM, DATA | LAST | 64);
    put(TDT, 2);
    assertEquals(3, status(0));
    descriptor(2, IOVA + FROM, LAST | 64);
    put(TDT, 3);
    assertEquals(3, status(1), "a descriptor of the older kind");
  }

  @Test
  void causesRaiseMessages() {
    put(EICS, 1);
    assertEquals(List.of(), messages);
    put(EIMS, 3);
    assertEquals(List.of(0), messages, "it was there before");
    put(EICS, 3);
    assertEquals(List.of(0, 1), messages, "one of them is still there");
    assertEquals(3, get(EICR));
    assertEquals(0, get(EICR), "reading clears");
    put(EICS, 1);
    put(EICR, 1);
    put(EICS, 1);
    assertEquals(List.of(0, 1, 0, 0), messages);
    put(EIMC, 3);
    assertEquals(0, get(EIMS));
    assertEquals(List.of(0, 0, 0), List.of(get(EICS), get(EIMC), get(0x150c)), "written alone");
  }

  @Test
  void messagesClearAndMaskTheirCauses() {
    put(GPIE, 0x4000_0010);
    put(EIAC, 1);
    put(EIAM, 1);
    put(EIMS, 1);
    put(EICS, 1);
    put(EICS, 1);
    assertEquals(List.of(0), messages);
    assertEquals(0, get(EIMS));
    put(EIMS, 1);
    assertEquals(List.of(0, 0), messages, "it came while it was masked");
  }

  @Test
  void queuesHaveVectors() {
    put(EIMS, 6);
    put(IVAR, 0x8281);
    buffers(3);
    descriptor(0, IOVA + FROM, DATA | LAST | REPORT | 64);
    put(TDT, 1);
    assertEquals(List.of(2, 1), messages);
    put(EICR, -1);
    put(IVAR, 0x0201);
    descriptor(1, IOVA + FROM, DATA | LAST | REPORT | 64);
    put(TDT, 2);
    assertEquals(List.of(2, 1), messages, "none allocated");
  }

  @Test
  void withoutMessagesThereIsThePin() {
    card.interrupts().freeMessages();
    put(EIMS, 1);
    put(EICS, 1);
    assertNotEquals(0, card.config().read(6, 2) & 8);
    put(EICR, 1);
    assertEquals(0, card.config().read(6, 2) & 8);
    put(EICS, 1);
    card.reset();
    assertEquals(0, card.config().read(6, 2) & 8);
  }

  @Test
  void thePhyAnswers() {
    put(MDIC, 0x0425_4321);
    assertEquals(0x1425_4321, get(MDIC));
    put(MDIC, 0x0825_0000);
    assertEquals(0x1825_4321, get(MDIC));
    put(MDIC, 0x0845_0000);
    assertEquals(0x5845_0000, get(MDIC), "another address has none");
    put(MDIC, 0x0820_0000);
    assertEquals(0x1000, get(MDIC) & 0xffff, "what starts a negotiation does not stay");
    put(MDIC, 0x0025_0000);
    assertEquals(0x1025_0000, get(MDIC), "no operation");
  }

  @Test
  void accessesOfAllSizesReachRegisters() {
    card.store(0, 0x5400, 8, 0x1122_3344_5566_7788L);
    assertEquals(0x1122_3344_5566_7788L, card.readBar(0, 0x5400, 8));
    assertEquals(0x66, card.readBar(0, 0x5402, 1) & 0xff);
    put(0xd0, 5);
    assertEquals(5, get(0x1508));
    put(0xd8, 4);
    assertEquals(1, get(0xd0));
    put(0x1_0000, 5);
    assertEquals(0, get(0x1_0000), "beyond the registers");
    card.store(3, 0, 4, 5);
    assertEquals(0, card.readBar(3, 0, 4));
    assertEquals(List.of(), card.registers(1));
  }

  @Test
  void aMappingShowsRegisters() {
    MemorySegment window = card.windows().map(card, 0, 0, 0x2_0000, () -> true);
    assertEquals(get(STATUS), window.get(INT, STATUS));
    assertEquals(0, window.get(INT, EICS));
    assertEquals(0, window.get(INT, 0x1_0410));
    assertEquals(0x0060_1008, window.get(INT, 0x0410), "one that nobody watches");
    card.windows().unmap(window);
    MemorySegment flash = card.windows().map(card, 1, 0, 4096, () -> true);
    assertEquals(0, flash.get(INT, 0));
    card.windows().unmap(flash);
  }

  @Test
  void virtualFunctionsAreEmpty() {
    var device = new IommuDevice("0000:01:10.0", machine.driver, 0, false, true);
    machine.group(10).add(device);
    PciFunction virtual = card.virtual(device, 0);
    assertEquals(card, virtual.physical());
    assertEquals(0x10ca, virtual.deviceId());
    assertEquals(3, virtual.config().msixVectors());
    assertEquals(0, virtual.readBar(0, 0, 4));
    virtual.store(0, 0, 4, 5);
    virtual.resetWithBus();
    assertEquals(0, virtual.readBar(0, 0, 4));
  }
}
