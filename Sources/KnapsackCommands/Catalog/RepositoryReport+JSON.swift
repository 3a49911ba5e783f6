import Formats
import Manifests
import ModelFacts
import Rules
import Transfer

extension RepositoryReport {
    /// The members of the document.
    var json: [JSON.Member] {
        func optional(_ text: String?) -> JSON { text.map(JSON.string) ?? .null }
        func texts(_ texts: [String]) -> JSON { .array(texts.map(JSON.string)) }
        let found = info?.found
        let card = facts?.card
        return [
            .init("source", .string(source)), .init("kind", .string(kind)),
            .init("online", .bool(info != nil)),
            .init("revision", optional(revision)), .init("directory", optional(directory)),
            .init("page", optional(info?.page)), .init("title", optional(found?.title)),
            .init("about", optional(info?.subtitle)), .init("description", optional(info?.description)),
            .init("license", optional(license)),
            .init("access", .string((found?.access ?? .unknown).rawValue)),
            .init("disabled", .bool(info?.isDisabled == true)),
            .init("task", optional(found?.task ?? card?.pipelineTag)),
            .init("library", optional(found?.library ?? card?.library)),
            .init("framework", optional(found?.framework)),
            .init(
                "base_models",
                texts(card?.baseModels.isEmpty == false ? card?.baseModels ?? [] : found?.baseModels ?? [])),
            .init("base_model_relation", optional(card?.baseModelRelation)),
            .init("languages", texts(card?.languages ?? [])), .init("datasets", texts(card?.datasets ?? [])),
            .init("tags", texts(card?.tags.isEmpty == false ? card?.tags ?? [] : found?.tags ?? [])),
            .init("downloads", found?.downloads.map(JSON.integer) ?? .null),
            .init("likes", found?.likes.map(JSON.integer) ?? .null),
            .init("usability", info?.usability.map(JSON.number) ?? .null),
            .init("created", optional(info?.created)), .init("updated", optional(found?.updated)),
            .init("security", info?.security.map(RepositoryReport.json) ?? .null),
            .init("parameters", (facts?.parameters ?? found?.parameters).map(JSON.integer) ?? .null),
            .init(
                "weight_bytes",
                .object((facts?.weightBytes ?? []).map { JSON.Member($0.dtype, .integer($0.bytes)) })),
            .init("architectures", texts(facts?.config?.architectures ?? [])),
            .init("quantization", facts?.quantization?.json ?? .null),
            .init("remote_code", .array((facts?.safety.code ?? []).map(\.json))),
            .init("size", .integer(size)), .init("files", .array(files.map(RepositoryReport.json))),
            .init("complete", facts == nil ? .null : .bool(!problems.contains { $0.severity == .error })),
            .init("problems", .array(problems.map(\.json))),
            .init("formats", .array(formats.map(RepositoryReport.json))), .init("exclude", texts(exclusions)),
            .init("accelerators", .array(fits.map(RepositoryReport.json))),
            .init("gguf", gguf?.json ?? .null), .init("quality", score.json),
            .init("cached", .array(cached.map(CacheState.json))),
        ]
    }

    private static func json(_ security: RepositoryInfo.Security) -> JSON {
        [
            "done": .bool(security.isDone),
            "issues": .array(
                security.issues.map { ["path": .string($0.path), "level": .string($0.level)] }),
        ]
    }

    private static func json(_ file: File) -> JSON {
        [
            "path": .string(file.path.text), "size": file.size.map(JSON.integer) ?? .null,
            "format": file.format.map { .string($0.rawValue) } ?? .null,
            "dtypes": .array(file.dtypes.map(JSON.string)),
            "parameters": file.parameters.map(JSON.integer) ?? .null,
        ]
    }

    private static func json(_ use: FormatUse) -> JSON {
        [
            "format": .string(use.format.rawValue), "files": .integer(use.files.count),
            "size": .integer(use.size), "needed": .bool(use.isNeeded), "reason": .string(use.reason),
        ]
    }

    private static func json(_ fit: AcceleratorFit) -> JSON {
        [
            "accelerator": .string(fit.accelerator.rawValue), "room": .integer(fit.room),
            "runs": .string(fit.verdict.rawValue), "reasons": .array(fit.reasons.map(JSON.string)),
        ]
    }
}
