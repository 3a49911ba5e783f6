import Formats
import Foundation
import Testing

@testable import Conversion

/// The page of all keys is made from the tables of the code.
@Suite struct ForeignPageTests {
    private static var path: URL {
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../docs/foreign-keys.md")
    }

    /// `KNAPSACK_WRITE_DOCS=1` writes the page instead of comparing it.
    @Test func thePageHasTheTablesOfTheCode() throws {
        let page = Self.page
        if ProcessInfo.processInfo.environment["KNAPSACK_WRITE_DOCS"] == "1" {
            try page.write(to: Self.path, atomically: true, encoding: .utf8)
        }
        #expect(
            try String(contentsOf: Self.path, encoding: .utf8) == page, "run it with KNAPSACK_WRITE_DOCS=1")
    }

    private static var page: String {
        var page = """
            # Keys of foreign configurations

            What [conversion to GGUF](foreign-configuration.md) does with each key. This page is made from the code's tables.

            | is | means |
            | --- | --- |
            | honoured | what it decides is in the GGUF |
            | ignored | it changes no number |
            | refused | any value but those that are named is an error |
            | warned of | any value but those that are named is a warning, and the file is the reference converter's |
            | noted | the same as a note: published models have such values, and llama.cpp has nothing for them |

            `null` is taken as a key that is not there. A key that is in no table is a warning, `config-key-unknown`, and is not
            followed.


            """
        for table in tables {
            page += "## \(table.title)\n\n| key | is | why |\n| --- | --- | --- |\n"
            for row in table.rows {
                var (what, why) = words(row.rule)
                switch row.kind {
                case .flag: why += "; `true` or `false`, or an error"
                case .number: why += "; a number, or an error"
                case nil: break
                }
                page += "| \(row.keys.map { "`\($0)`" }.joined(separator: ", ")) | \(what) | \(why) |\n"
            }
            for end in table.ends { page += "| `…\(end)` | ignored | a name of the file's own |\n" }
            page += "\n"
        }
        page += "## Methods of quantization that are refused\n\n"
        page += QuantizationKeys.refused.map { "`\($0)`" }.joined(separator: ", ")
        return page + ", and every method that is not named on this page.\n"
    }

    private static var tables: [ForeignTable] {
        [ForeignTable("config.json, all families", ConfigKeys.common + ConfigKeys.generic)]
            + ConfigKeys.families.map { ForeignTable("config.json, \($0)", ConfigKeys.family($0)) }
            + [ProjectorKeys.table, RopeKeys.table]
            + RopeKeys.families.map { ForeignTable("rope_scaling, rope_parameters, \($0.key)", $0.value) }
            + QuantizationKeys.methods.map(\.table)
            + [
                QuantizationKeys.group, QuantizationKeys.weights, QuantizationKeys.sparsity,
                GenerationKeys.table,
                TokenizerKeys.tokenizer, TokenizerKeys.model, TokenizerKeys.added,
                TokenizerKeys.bertNormalizer,
                TokenizerKeys.settings, TokenizerKeys.pieces, TokenizerKeys.specials, SentenceKeys.module,
                SentenceKeys.pooling, SentenceKeys.transformer, SentenceKeys.model,
            ]
    }

    private static func words(_ rule: ForeignRule) -> (String, String) {
        func but(_ values: [JSON], _ reason: String) -> String {
            let texts = values.map { "`\($0.compactText)`" }.joined(separator: ", ")
            return texts.isEmpty ? "any value: \(reason)" : "but \(texts): \(reason)"
        }
        switch rule {
        case .read(let what): return ("honoured", what)
        case .ignored(let why): return ("ignored", why)
        case .only(let values, let why): return ("refused", but(values, why))
        case .warned(let values, let why): return ("warned of", but(values, why))
        case .noted(let values, let why): return ("noted", but(values, why))
        case .object: return ("honoured", "an object with keys of its own")
        case .related(.window(isAskedFor: false)):
            return (
                "noted",
                "a window below the context's length, of which `use_sliding_window: true` makes a warning: llama.cpp sees all tokens"
            )
        case .related(.window(isAskedFor: true)):
            return (
                "warned of",
                "but none below the context's length with `use_sliding_window: true`: llama.cpp sees all tokens"
            )
        case .related(.layers(let period)):
            return (
                "warned of",
                period.map { "but layer \($0), \(2 * $0), … seeing all and the others a window" }
                    ?? "but all layers seeing all"
            )
        case .related(.queryScale(let layers)):
            return (
                "warned of",
                "but the heads' length, in a model of \(layers) layers `hidden_size` / `num_attention_heads`"
            )
        case .related(.all(let name)): return ("refused", "but `\(name)` for each layer")
        case .related(.oneBase): return ("warned of", "but one base for all layers")
        case .related(.rotations(let period)):
            return (
                "warned of", "but each layer with rotations, and layer \(period), \(2 * period), … without"
            )
        }
    }
}
