"""Lists a FileDescriptorSet one element a line, for people who review what was accepted.

usage: describe.py CONTRACT.binpb > CONTRACT.txt
"""

import sys

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

SCALARS = {
    number: name.removeprefix("TYPE_").lower()
    for name, number in descriptor_pb2.FieldDescriptorProto.Type.items()
}


class Lister:
    def __init__(self, files):
        self.files = files
        self.maps = {
            f"{file.package}.{message.name}.{nested.name}": nested
            for file in files.file
            for message in file.message_type
            for nested in message.nested_type
            if nested.options.map_entry
        }
        pool = descriptor_pool.DescriptorPool()
        for file in files.file:
            pool.Add(file)
        # Options of our own can be read only by option messages that know them.
        self.options = {
            name: message_factory.GetMessageClass(
                pool.FindMessageTypeByName(f"google.protobuf.{name}"))
            for name in ("FieldOptions", "MessageOptions")
        }
        for extension in ("gtm.type.v1.rule", "gtm.type.v1.kind"):
            message_factory.GetMessageClass(pool.FindExtensionByName(extension).message_type)

    def rules(self, kind, options):
        parsed = self.options[kind].FromString(options.SerializeToString())
        text = text_format.MessageToString(parsed, as_one_line=True)
        return f" [{text}]" if text else ""

    def field(self, field):
        type_name = field.type_name.removeprefix(".") or SCALARS[field.type]
        if type_name in self.maps:
            key, value = (f.type_name.removeprefix(".") or SCALARS[f.type]
                          for f in self.maps[type_name].field)
            return f"{field.name} = {field.number} map<{key}, {value}>"
        label = ""
        if field.label == field.LABEL_REPEATED:
            label = "repeated "
        elif field.proto3_optional:
            label = "optional "
        return f"{field.name} = {field.number} {label}{type_name}"

    def enum(self, scope, enum):
        name = f"{scope}.{enum.name}"
        yield f"enum {name}"
        for value in enum.value:
            yield f"  {value.name} = {value.number}"

    def message(self, scope, message):
        name = f"{scope}.{message.name}"
        yield f"message {name}{self.rules('MessageOptions', message.options)}"
        for field in message.field:
            yield f"  {self.field(field)}{self.rules('FieldOptions', field.options)}"
        for enum in message.enum_type:
            yield from self.enum(name, enum)
        for nested in message.nested_type:
            if not nested.options.map_entry:
                yield from self.message(name, nested)

    def service(self, scope, service):
        yield f"service {scope}.{service.name}"
        for method in service.method:
            asked = ("stream " if method.client_streaming else "") + method.input_type[1:]
            answered = ("stream " if method.server_streaming else "") + method.output_type[1:]
            yield f"  {method.name}({asked}) returns ({answered})"

    def lines(self):
        for file in self.files.file:
            if file.name.startswith("google/protobuf/"):
                continue
            yield f"file {file.name}"
            for extension in file.extension:
                yield f"extend {extension.extendee[1:]}"
                yield f"  {self.field(extension)}"
            for service in file.service:
                yield from self.service(file.package, service)
            for message in file.message_type:
                yield from self.message(file.package, message)
            for enum in file.enum_type:
                yield from self.enum(file.package, enum)
            yield ""


def describe(encoded):
    return "\n".join(Lister(descriptor_pb2.FileDescriptorSet.FromString(encoded)).lines())


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as contract:
        sys.stdout.write(describe(contract.read()))
