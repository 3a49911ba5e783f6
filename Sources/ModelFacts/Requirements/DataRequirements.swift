import Formats
import Manifests
import Storage
import Tensors

/// Files that hold the numbers of a model which another file describes.
enum DataRequirements {
    /// What ONNX, OpenVINO, TensorFlow, Keras, PEFT and ONNX Runtime's generate() name, file by file.
    static func all(_ files: inout RequirementFiles) -> [FileRequirement] {
        files.paths.flatMap { path -> [FileRequirement] in
            let name = ModelPath(path)
            switch name.suffix {
            case "onnx": return onnx(path, files)
            case "xml": return openVINO(path, files)
            case "index" where name.file == "variables.index": return variables(path, files)
            case "json": return document(path, &files)
            default: return []
            }
        }
    }

    /// Tensors of an ONNX model whose data are in other files.
    private static func onnx(_ path: RelativePath, _ files: RequirementFiles) -> [FileRequirement] {
        let contents = files.contents
        guard let file = files.file(path), let size = try? contents.size(file),
            let data = try? ONNXExternalData(
                size: size, bytes: { range throws(FileError) in try contents.bytes(range, of: file) }),
            !data.locations.isEmpty
        else { return [] }
        let directory = ModelPath(path).directory
        let names = data.locations.map { location in
            // ONNX Runtime takes files below the model's directory alone, so that no other path is found either.
            let parts = Path.parts(location).filter { !$0.isEmpty && $0 != "." }.joined(separator: "/")
            let isBelow = !location.hasUTF8Prefix("/") && RelativePath(parts) != nil
            return isBelow ? directory.appending(file: parts) : location
        }
        return [FileRequirement(.externalData, by: path, all: names)]
    }

    /// OpenVINO's graph has its weights in a file of the same name.
    private static func openVINO(_ path: RelativePath, _ files: RequirementFiles) -> [FileRequirement] {
        guard let file = files.file(path),
            let head = try? files.contents.bytes(0..<512, of: file),
            String(decoding: head, as: UTF8.self).contains("<net")
        else { return [] }
        return [FileRequirement(.part, by: path, all: ["\(path.text.dropLast(4)).bin"])]
    }

    /// TensorFlow's index of variables has them in files of data.
    private static func variables(_ path: RelativePath, _ files: RequirementFiles) -> [FileRequirement] {
        [
            FileRequirement(
                .part, by: path, oneOf: ["\(FileRequirement.pattern(String(path.text.dropLast(6)))).data-*"])
        ]
    }

    private static func document(_ path: RelativePath, _ files: inout RequirementFiles) -> [FileRequirement] {
        let name = ModelPath(path)
        switch name.file {
        case "adapter_config.json":
            return [
                FileRequirement(
                    .part, by: path,
                    oneOf: ["adapter_model*.safetensors", "adapter_model*.bin", "*lora*.safetensors"].map(
                        name.directory.appending(pattern:)))
            ]
        case "genai_config.json": return generator(path, &files)
        case _ where name.file.hasSuffix(".weights.json"): return keras(path, &files)
        default: return []
        }
    }

    /// Keras' index of shards: `weight_map` has a name or a list of names by each path (Keras 3.15,
    /// `ShardedH5IOStore`).
    private static func keras(_ path: RelativePath, _ files: inout RequirementFiles) -> [FileRequirement] {
        guard let map = files.json(path)?["weight_map"]?.members else { return [] }
        let names = map.flatMap { $0.value.string.map { [$0] } ?? $0.value.strings ?? [] }
        return named(names, by: path, .part)
    }

    /// The models of ONNX Runtime's generate() API: `model.decoder.filename` and others.
    private static func generator(_ path: RelativePath, _ files: inout RequirementFiles) -> [FileRequirement]
    {
        guard let model = files.json(path)?["model"]?.members else { return [] }
        var names: [String] = []
        func search(_ members: [JSON.Member], _ depth: Int) {
            for member in members {
                if member.key == "filename", let name = member.value.string { names.append(name) }
                if depth < 4 { search(member.value.members ?? [], depth + 1) }
                for element in member.value.array ?? [] where depth < 4 {
                    search(element.members ?? [], depth + 1)
                }
            }
        }
        search(model, 0)
        return named(names, by: path, .part)
    }

    private static func named(
        _ names: [String], by path: RelativePath, _ kind: FileRequirement.Kind
    ) -> [FileRequirement] {
        let directory = ModelPath(path).directory
        let distinct = Set(names.map { ExactName($0) }).sorted()
        guard !distinct.isEmpty else { return [] }
        return [
            FileRequirement(
                kind, by: path,
                all: distinct.map { directory.appending(file: $0.text) })
        ]
    }
}
