// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.device.model;

import java.lang.foreign.MemorySegment;

/** The admin commands of a controller: queues, identify, the number of queues, abort. */
final class NvmeAdmin {

  private static final int DELETE_SUBMISSION = 0x00;
  private static final int CREATE_SUBMISSION = 0x01;
  private static final int DELETE_COMPLETION = 0x04;
  private static final int CREATE_COMPLETION = 0x05;
  private static final int IDENTIFY = 0x06;
  private static final int ABORT = 0x08;
  private static final int SET_FEATURES = 0x09;
  private static final int GET_FEATURES = 0x0a;
  private static final int ASYNCHRONOUS_EVENT = 0x0c;

  private static final int OF_NAMESPACE = 0;
  private static final int OF_CONTROLLER = 1;
  private static final int LIST = 2;
  private static final int NUMBER_OF_QUEUES = 7;

  private static final int CONTIGUOUS = 1;
  private static final int INTERRUPTS = 2;

  /** Events that a driver may wait for at once. */
  private static final int MOST_EVENTS = 4;

  /** No completion: nothing that a driver waits for ever comes about. */
  static final int NEVER = -1;

  private final NvmeQueues queues;
  private final NvmeData data;
  private final NvmeDrive drive;
  private final int vectors;
  private int events;
  private int result;

  NvmeAdmin(NvmeQueues queues, NvmeData data, NvmeDrive drive, int vectors) {
    this.queues = queues;
    this.data = data;
    this.drive = drive;
    this.vectors = vectors;
  }

  void reset() {
    events = 0;
  }

  /** Dword 0 of the completion of the last command. */
  int result() {
    return result;
  }

  /** {@return the status of a command, or {@link #NEVER}} */
  int execute(NvmeCommand command) {
    result = 0;
    return switch (command.opcode()) {
      case DELETE_SUBMISSION -> deleteSubmission(command.low(0));
      case CREATE_SUBMISSION -> createSubmission(command);
      case DELETE_COMPLETION -> deleteCompletion(command.low(0));
      case CREATE_COMPLETION -> createCompletion(command);
      case IDENTIFY -> identify(command);
      case ABORT -> abort(command.low(0));
      case SET_FEATURES -> setFeature(command);
      case GET_FEATURES -> getFeature(command);
      case ASYNCHRONOUS_EVENT -> events++ < MOST_EVENTS ? NEVER : NvmeStatus.TOO_MANY_EVENTS;
      default -> NvmeStatus.INVALID_OPCODE;
    };
  }

  private int createCompletion(NvmeCommand command) {
    int id = command.low(0);
    int vector = command.high(1);
    if (id == 0 || id > queues.most() || queues.completion(id) != null) {
      return NvmeStatus.INVALID_QUEUE;
    }
    int status = checkMemory(command);
    if (status != NvmeStatus.SUCCESS) {
      return status;
    }
    if (vector >= vectors) {
      return NvmeStatus.INVALID_VECTOR;
    }
    if ((command.parameter(1) & CONTIGUOUS) == 0) {
      return NvmeStatus.INVALID_FIELD;
    }
    boolean told = (command.parameter(1) & INTERRUPTS) != 0;
    queues.makeCompletion(
        id, command.data(), command.high(0) + 1, told ? vector : NvmeCompletionQueue.POLLED);
    return NvmeStatus.SUCCESS;
  }

  private int createSubmission(NvmeCommand command) {
    int id = command.low(0);
    int completedIn = command.high(1);
    if (completedIn == 0 || queues.completion(completedIn) == null) {
      return NvmeStatus.INVALID_COMPLETION_QUEUE;
    }
    if (id == 0 || id > queues.most() || queues.submission(id) != null) {
      return NvmeStatus.INVALID_QUEUE;
    }
    int status = checkMemory(command);
    if (status != NvmeStatus.SUCCESS) {
      return status;
    }
    if ((command.parameter(1) & CONTIGUOUS) == 0) {
      return NvmeStatus.INVALID_FIELD;
    }
    queues.makeSubmission(id, command.data(), command.high(0) + 1, completedIn);
    return NvmeStatus.SUCCESS;
  }

  private int checkMemory(NvmeCommand command) {
    int last = command.high(0);
    if (last == 0 || last > NvmeModel.MOST_ENTRIES) {
      return NvmeStatus.INVALID_SIZE;
    }
    boolean aligned = command.data() != 0 && command.data() % data.pageBytes() == 0;
    return aligned ? NvmeStatus.SUCCESS : NvmeStatus.INVALID_OFFSET;
  }

  private int deleteSubmission(int id) {
    if (id == 0 || queues.submission(id) == null) {
      return NvmeStatus.INVALID_QUEUE;
    }
    queues.deleteSubmission(id);
    return NvmeStatus.SUCCESS;
  }

  private int deleteCompletion(int id) {
    if (id == 0 || queues.completion(id) == null) {
      return NvmeStatus.INVALID_COMPLETION_QUEUE;
    }
    if (queues.used(id)) {
      return NvmeStatus.INVALID_DELETION;
    }
    queues.deleteCompletion(id);
    return NvmeStatus.SUCCESS;
  }

  private int identify(NvmeCommand command) {
    int namespace = command.namespace();
    return switch (command.low(0) & 0xff) {
      case OF_NAMESPACE ->
          NvmeIdentity.valid(namespace)
              ? tell(command, NvmeIdentity.namespace(namespace, drive.blocks()))
              : NvmeStatus.INVALID_NAMESPACE;
      case OF_CONTROLLER -> tell(command, NvmeIdentity.controller());
      case LIST ->
          Integer.compareUnsigned(namespace, -2) < 0
              ? tell(command, NvmeIdentity.list(namespace))
              : NvmeStatus.INVALID_NAMESPACE;
      default -> NvmeStatus.INVALID_FIELD;
    };
  }

  private int tell(NvmeCommand command, MemorySegment page) {
    return data.write(command, page);
  }

  /** Work is done at once, so there is nothing to abort any more. */
  private int abort(int queue) {
    result = 1;
    return queues.submission(queue) == null ? NvmeStatus.INVALID_FIELD : NvmeStatus.SUCCESS;
  }

  private int setFeature(NvmeCommand command) {
    boolean senseless = command.low(1) == 0xffff || command.high(1) == 0xffff;
    return senseless ? NvmeStatus.INVALID_FIELD : getFeature(command);
  }

  private int getFeature(NvmeCommand command) {
    if ((command.low(0) & 0xff) != NUMBER_OF_QUEUES) {
      return NvmeStatus.INVALID_FIELD;
    }
    int last = queues.most() - 1;
    result = last << 16 | last;
    return NvmeStatus.SUCCESS;
  }
}
