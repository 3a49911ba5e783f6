import Testing

@testable import Conversion
@testable import Formats
@testable import Manifests
@testable import Storage

@Suite struct SourceTests {
    @Test(arguments: [
        ("hf:org/name", "hf:org/name@main"),
        ("hf:bert-base-uncased@v1.0", "hf:bert-base-uncased@v1.0"),
        ("hf:org/name@refs/pr/1", "hf:org/name@refs/pr/1"),
        (
            "hf:_o/N-a.m_e@0123456789abcdef0123456789abcdef01234567",
            "hf:_o/N-a.m_e@0123456789abcdef0123456789abcdef01234567"
        ),
        ("hf:o/n@user@host", "hf:o/n@user@host"),
        ("hf-dataset:org/name@dev", "hf-dataset:org/name@dev"),
        ("hf-space:org/name", "hf-space:org/name@main"),
        (
            "kaggle:google/gemma-2/transformers/gemma-2-2b-it/2",
            "kaggle:google/gemma-2/transformers/gemma-2-2b-it/2"
        ),
        ("kaggle:qwen-lm/qwen2.5/Transformers/0.5b", "kaggle:qwen-lm/qwen2.5/Transformers/0.5b"),
        ("kaggle-dataset:owner/slug", "kaggle-dataset:owner/slug"),
        ("kaggle-dataset:owner/slug/versions/12", "kaggle-dataset:owner/slug/versions/12"),
        ("kaggle-competition:titanic", "kaggle-competition:titanic"),
        ("kaggle-notebook:owner/slug", "kaggle-notebook:owner/slug"),
        ("kaggle-notebook:owner/slug/versions/4", "kaggle-notebook:owner/slug/versions/4"),
        ("hf-kernel:org/name", "hf-kernel:org/name@main"),
        ("oci:ghcr.io/team/model", "oci:ghcr.io/team/model:latest"),
        ("oci:GHCR.io/team/model:V1", "oci:ghcr.io/team/model:V1"),
        (
            "oci:127.0.0.1:5000/a@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "oci:127.0.0.1:5000/a@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        ),
        (
            "oci:[::1]:5000/a:v1@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa#qwen-7b",
            "oci:[::1]:5000/a:v1@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa#qwen-7b"
        ),
        ("path:../models/é x", "path:../models/é x"),
        ("path:/abs/a:b@c", "path:/abs/a:b@c"),
    ]) func readsAndWritesSources(text: String, canonical: String) throws {
        let source = try Source.parse(text)
        #expect(source.text == canonical)
        #expect(try Source.parse(canonical) == source)
        #expect(text.hasPrefix(source.scheme.rawValue + ":"))
    }

    @Test(arguments: [
        ("", "does not state where to look"),
        ("hf", "does not state where to look"),
        ("HF:a/b", "starts with \"HF:\""),
        ("hf:", "names the repository \"\", which is empty"),
        ("hf:a/b/c", "names the repository \"a/b/c\", which has more than one \"/\""),
        ("hf:/b", "names the repository \"/b\", which has an empty part"),
        ("hf:a/", "names the repository \"a/\", which has an empty part"),
        ("hf:../b", "names the repository \"../b\", which has a part that starts or ends with '-' or '.'"),
        ("hf:a/b-", "names the repository \"a/b-\", which has a part that starts or ends with '-' or '.'"),
        ("hf:a/b--c", "names the repository \"a/b--c\", which has \"--\" in it"),
        ("hf:a/b..c", "names the repository \"a/b..c\", which has \"..\" in it"),
        ("hf:a/b.git", "names the repository \"a/b.git\", which ends with \".git\""),
        (
            "hf:a/é",
            "names the repository \"a/é\", which has a character other than ASCII letters, digits, '-', '_' and '.'"
        ),
        ("hf:a/b@", "has the revision \"\", which is empty"),
        ("hf:a/b@../../x", "has the revision \"../../x\", which has a part that starts with '.'"),
        ("hf:a/b@x/../y", "has the revision \"x/../y\", which has a part that starts with '.'"),
        ("hf:a/b@x..y", "has the revision \"x..y\", which has \"..\" in it"),
        ("hf:a/b@/etc", "has the revision \"/etc\", which has an empty part"),
        ("hf:a/b@x/", "has the revision \"x/\", which has an empty part"),
        (
            "hf:a/b@x y",
            "has the revision \"x y\", which has a blank, a control character or one of ~ ^ : ? * [ \\"
        ),
        (
            "hf:a/b@x\n",
            "has the revision \"x\\u{A}\", which has a blank, a control character or one of ~ ^ : ? * [ \\"
        ),
        ("kaggle:a/b/c", "has 3 parts"),
        ("kaggle:a/b/c/d/1/2", "has 6 parts"),
        ("kaggle:a/b//d", "has an empty part"),
        ("kaggle:a/b/../d", "has the part \"..\""),
        ("kaggle:a/b/c/d/0", "has the version \"0\""),
        ("kaggle:a/b/c/d/-1", "has the part \"-1\""),
        ("kaggle:a/b/c/d/02", "has the version \"02\""),
        ("kaggle:a/b/c/d/x", "has the version \"x\""),
        ("kaggle:a/b/c/d/1_0", "has the version \"1_0\""),
        ("kaggle:a/b/c/d/٣", "has the part \"٣\""),
        ("kaggle:a/b/c/d/99999999999999999999", "has the version \"99999999999999999999\""),
        ("kaggle-dataset:a/b/versions", "has 3 parts"),
        ("kaggle-dataset:a/b/x/1", "has \"x\" before the version"),
        ("oci:", "has \"\", which is no name of an artifact"),
        ("oci:ghcr.io", "has \"ghcr.io\", which is no name of an artifact"),
        ("oci:..:1/a", "has \"..:1/a\", which is no name of an artifact"),
        ("oci:-h/a", "has \"-h/a\", which is no name of an artifact"),
        ("oci:h/../a", "has \"h/../a\", which is no name of an artifact"),
        ("oci:h/a:../b", "has \"h/a:../b\", which is no name of an artifact"),
        ("oci:h/a#", "names the entry \"\""),
        ("oci:h/a#../b", "names the entry \"../b\""),
        ("oci://ghcr.io/a", "has \"//\" behind \"oci:\""),
        ("path:", "names no directory"),
        ("path:a\u{9}b", "has a control character in the directory's name"),
        ("path:~/models", "starts with \"~\", which is not expanded"),
    ]) func refusesOtherTexts(text: String, message: String) {
        #expect(throws: SourceError.self) { try Source.parse(text) }
        do throws(SourceError) { _ = try Source.parse(text) } catch { #expect(error.message == message) }
    }

    @Test(arguments: [
        ("Qwen/Qwen3-8B", "hf:Qwen/Qwen3-8B"), ("./wheels", "path:./wheels"), ("/data", "path:/data"),
        ("https://huggingface.co/Qwen/Qwen3-8B", "hf:Qwen/Qwen3-8B"), ("hf-datasets:a/b", "hf-dataset:"),
        ("kagle:a/b/c/d", "kaggle:"), ("oci://ghcr.io/a", "oci:ghcr.io/a:latest"),
    ]) func suggestsWhatWasProbablyMeant(text: String, suggestion: String) {
        do throws(SourceError) { _ = try Source.parse(text) } catch {
            #expect(error.suggestion == suggestion)
        }
    }

    @Test(arguments: [
        ("https://huggingface.co/Qwen/Qwen3-8B/tree/main", "hf:Qwen/Qwen3-8B"),
        ("https://huggingface.co/Qwen/Qwen3-8B/blob/v1.0/config.json?x#L1", "hf:Qwen/Qwen3-8B@v1.0"),
        ("https://huggingface.co/datasets/org/data/", "hf-dataset:org/data"),
        ("https://hf.co/spaces/org/app", "hf-space:org/app"),
        (
            "https://www.kaggle.com/models/google/gemma-2/transformers/gemma-2-2b-it/2",
            "kaggle:google/gemma-2/transformers/gemma-2-2b-it/2"
        ),
        ("https://www.kaggle.com/models/google/gemma-2/PyTorch/2b", "kaggle:google/gemma-2/PyTorch/2b"),
        ("https://www.kaggle.com/datasets/me/data?select=a.csv", "kaggle-dataset:me/data"),
        ("https://kaggle.com/datasets/me/data/versions/3", "kaggle-dataset:me/data/versions/3"),
        ("https://www.kaggle.com/competitions/titanic/data", "kaggle-competition:titanic"),
        ("https://www.kaggle.com/c/titanic", "kaggle-competition:titanic"),
        ("http://www.kaggle.com/code/me/training/output", "kaggle-notebook:me/training"),
    ]) func anAddressIsReadAsTheSourceThatItShows(text: String, suggestion: String) throws {
        #expect(throws: SourceError.self) { try Source.parse(text) }
        #expect(SourceAddress.source(of: text) == suggestion)
        _ = try Source.parse(suggestion)
    }

    @Test(arguments: [
        "https://huggingface.co/Qwen", "https://huggingface.co/",
        "https://www.kaggle.com/models/google/gemma-2",
        "https://www.kaggle.com/datasets", "https://www.kaggle.com/me", "https://example.com/models/a/b/c/d",
        "https://www.kaggle.com/datasets/me/..", "https://", "kaggle.com/datasets/me/data",
        "https://huggingface.co.example.com/a/b",
    ]) func otherAddressesAreNotGuessedAt(text: String) { #expect(SourceAddress.source(of: text) == nil) }
}
