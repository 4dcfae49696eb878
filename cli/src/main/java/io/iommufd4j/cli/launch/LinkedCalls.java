// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.launch;

import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.DirectMethodHandleDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.AccessFlag;
import java.lang.runtime.ObjectMethods;
import java.lang.runtime.SwitchBootstraps;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Writes switches on types, and {@code equals} and {@code hashCode} of records, as plain code.
 * javac leaves them to {@code invokedynamic}, and the AOT cache of JDK 25 keeps linked calls of
 * lambdas and of string concatenation alone: each of these would be linked again at each start,
 * which takes a millisecond or more.
 */
final class LinkedCalls {

  private static final ClassDesc SWITCHES =
      SwitchBootstraps.class.describeConstable().orElseThrow();
  private static final ClassDesc RECORDS = ObjectMethods.class.describeConstable().orElseThrow();
  private static final ClassDesc OBJECTS = Objects.class.describeConstable().orElseThrow();
  private static final int PRIME = 31;

  private final ClassModel model;

  /** The methods to add, by their numbers. */
  private final List<Body> bodies = new ArrayList<>();

  private LinkedCalls(ClassModel model) {
    this.model = model;
  }

  /** A method that takes the place of a call. */
  private record Body(String name, MethodTypeDesc type, Code code) {}

  /** Writes the code of a method. */
  @FunctionalInterface
  private interface Code {
    void write(CodeBuilder code);
  }

  /** {@return the class with such calls replaced; the same bytes where it has none} */
  static byte[] in(ClassFile classFile, byte[] bytes) {
    var model = classFile.parse(bytes);
    var calls = new LinkedCalls(model);
    if (model.methods().stream().noneMatch(calls::has)) {
      return bytes;
    }
    CodeTransform replaced =
        (builder, element) -> {
          if (element instanceof InvokeDynamicInstruction call && calls.taken(call)) {
            calls.replace(builder, call);
          } else {
            builder.with(element);
          }
        };
    return classFile.transformClass(
        model,
        ClassTransform.transformingMethodBodies(calls::has, replaced)
            .andThen(ClassTransform.endHandler(calls::add)));
  }

  private boolean has(MethodModel method) {
    return method.code().stream()
        .flatMap(code -> code.elementStream())
        .anyMatch(element -> element instanceof InvokeDynamicInstruction call && taken(call));
  }

  /** True for a switch whose labels are all types, and for a record's method but toString. */
  private boolean taken(InvokeDynamicInstruction call) {
    ClassDesc maker = call.bootstrapMethod().owner();
    if (maker.equals(SWITCHES)) {
      return call.bootstrapMethod().methodName().equals("typeSwitch")
          && call.bootstrapArgs().stream().allMatch(ClassDesc.class::isInstance);
    }
    return maker.equals(RECORDS) && !call.name().equalsString("toString");
  }

  private void replace(CodeBuilder builder, InvokeDynamicInstruction call) {
    String name = "linked$" + bodies.size();
    List<ConstantDesc> arguments = call.bootstrapArgs();
    Code code;
    if (call.bootstrapMethod().owner().equals(SWITCHES)) {
      List<ClassDesc> types = arguments.stream().map(ClassDesc.class::cast).toList();
      code = body -> typeSwitch(body, types);
    } else {
      List<DirectMethodHandleDesc> fields =
          arguments.stream().skip(2).map(DirectMethodHandleDesc.class::cast).toList();
      code =
          call.name().equalsString("hashCode")
              ? body -> hashCode(body, fields)
              : body -> equals(body, fields);
    }
    bodies.add(new Body(name, call.typeSymbol(), code));
    builder.invokestatic(
        model.thisClass().asSymbol(),
        name,
        call.typeSymbol(),
        model.flags().has(AccessFlag.INTERFACE));
  }

  private void add(ClassBuilder type) {
    for (Body body : bodies) {
      type.withMethodBody(
          body.name,
          body.type,
          ClassFile.ACC_PRIVATE | ClassFile.ACC_STATIC | ClassFile.ACC_SYNTHETIC,
          body.code::write);
    }
  }

  /** As {@link SwitchBootstraps#typeSwitch}: the first label from the given one on that fits. */
  private static void typeSwitch(CodeBuilder code, List<ClassDesc> types) {
    code.aload(0).ifThen(Opcode.IFNULL, none -> none.iconst_m1().ireturn());
    for (int at = 0; at < types.size(); at++) {
      int label = at;
      Label next = code.newLabel();
      code.iload(1).loadConstant(label).if_icmpgt(next);
      code.aload(0).instanceOf(types.get(label)).ifeq(next);
      code.loadConstant(label).ireturn().labelBinding(next);
    }
    code.loadConstant(types.size()).ireturn();
  }

  private static void hashCode(CodeBuilder code, List<DirectMethodHandleDesc> fields) {
    code.iconst_0();
    for (DirectMethodHandleDesc field : fields) {
      code.loadConstant(PRIME).imul();
      load(code, 0, field);
      ClassDesc type = typeOf(field);
      if (type.isPrimitive()) {
        var hash = MethodTypeDesc.of(ConstantDescs.CD_int, type);
        code.invokestatic(boxOf(type), "hashCode", hash);
      } else {
        var hash = MethodTypeDesc.of(ConstantDescs.CD_int, ConstantDescs.CD_Object);
        code.invokestatic(OBJECTS, "hashCode", hash);
      }
      code.iadd();
    }
    code.ireturn();
  }

  private void equals(CodeBuilder code, List<DirectMethodHandleDesc> fields) {
    ClassDesc record = model.thisClass().asSymbol();
    Label differ = code.newLabel();
    code.aload(1).instanceOf(record).ifeq(differ);
    code.aload(1).checkcast(record).astore(1);
    for (DirectMethodHandleDesc field : fields) {
      load(code, 0, field);
      load(code, 1, field);
      ClassDesc type = typeOf(field);
      if (type.isPrimitive()) {
        var compare = MethodTypeDesc.of(ConstantDescs.CD_int, type, type);
        code.invokestatic(boxOf(type), "compare", compare).ifne(differ);
      } else {
        var same =
            MethodTypeDesc.of(
                ConstantDescs.CD_boolean, ConstantDescs.CD_Object, ConstantDescs.CD_Object);
        code.invokestatic(OBJECTS, "equals", same).ifeq(differ);
      }
    }
    code.iconst_1().ireturn().labelBinding(differ).iconst_0().ireturn();
  }

  private static void load(CodeBuilder code, int variable, DirectMethodHandleDesc field) {
    code.aload(variable).getfield(field.owner(), field.methodName(), typeOf(field));
  }

  /** The type of the field that a getter reads. */
  private static ClassDesc typeOf(DirectMethodHandleDesc field) {
    return field.invocationType().returnType();
  }

  private static ClassDesc boxOf(ClassDesc primitive) {
    return switch (TypeKind.fromDescriptor(primitive.descriptorString())) {
      case BOOLEAN -> ConstantDescs.CD_Boolean;
      case BYTE -> ConstantDescs.CD_Byte;
      case CHAR -> ConstantDescs.CD_Character;
      case SHORT -> ConstantDescs.CD_Short;
      case INT -> ConstantDescs.CD_Integer;
      case LONG -> ConstantDescs.CD_Long;
      case FLOAT -> ConstantDescs.CD_Float;
      case DOUBLE -> ConstantDescs.CD_Double;
      case REFERENCE, VOID ->
          throw new IllegalArgumentException(primitive.displayName() + " is not primitive");
    };
  }
}
