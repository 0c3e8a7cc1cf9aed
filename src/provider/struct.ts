import type * as Struct from 'google-protobuf/google/protobuf/struct_pb.js'
import structPb from 'google-protobuf/google/protobuf/struct_pb.js'
import type { Properties } from './plugin.ts'
import { decodeProperties, encodeProperties, type Wire } from './properties.ts'

const { Value } = structPb

const wireOfValue = (value: Struct.Value): Wire => {
  switch (value.getKindCase()) {
    case Value.KindCase.STRING_VALUE:
      return value.getStringValue()
    case Value.KindCase.NUMBER_VALUE:
      return value.getNumberValue()
    case Value.KindCase.BOOL_VALUE:
      return value.getBoolValue()
    case Value.KindCase.STRUCT_VALUE:
      return wireOfStruct(value.getStructValue())
    case Value.KindCase.LIST_VALUE:
      return value.getListValue()?.getValuesList().map(wireOfValue) ?? []
    default:
      return null
  }
}

const wireOfStruct = (struct: Struct.Struct | undefined): { [name: string]: Wire } => {
  const entries: [string, Wire][] = []
  struct?.getFieldsMap().forEach((value, name) => {
    entries.push([name, wireOfValue(value)])
  })
  return Object.fromEntries(entries)
}

const valueOfWire = (wire: Wire): Struct.Value => {
  const value = new structPb.Value()
  if (wire === null) value.setNullValue(structPb.NullValue.NULL_VALUE)
  else if (typeof wire === 'string') value.setStringValue(wire)
  else if (typeof wire === 'number') value.setNumberValue(wire)
  else if (typeof wire === 'boolean') value.setBoolValue(wire)
  else if (Array.isArray(wire)) {
    const list = new structPb.ListValue()
    list.setValuesList(wire.map(valueOfWire))
    value.setListValue(list)
  } else value.setStructValue(structOfWire(wire as { readonly [name: string]: Wire }))
  return value
}

const structOfWire = (wire: { readonly [name: string]: Wire }): Struct.Struct => {
  const struct = new structPb.Struct()
  for (const [name, value] of Object.entries(wire)) struct.getFieldsMap().set(name, valueOfWire(value))
  return struct
}

/** Properties of a protobuf Struct; an absent one is empty. Never throws. */
export const fromStruct = (struct: Struct.Struct | undefined): Properties =>
  decodeProperties(wireOfStruct(struct))

/** Properties as a protobuf Struct. The protobuf library drops a property named `__proto__`. Never throws. */
export const toStruct = (properties: Properties): Struct.Struct => structOfWire(encodeProperties(properties))
