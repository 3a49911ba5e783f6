import Formats

/// How a model wants a conversation, in the language of ollama's templates (Go's text/template): ollama does not read the
/// templates that GGUF files have.
struct PromptForm: Equatable {
    /// The template.
    let template: String
    /// What ends an answer.
    let stops: [String]

    /// Knows a form by the marks in the template of a GGUF file.
    /// - Returns: `nil` for one that is not known: ollama sends the text as it is then.
    init?(_ chatTemplate: String) {
        let found = PromptForm.known.first { form in
            form.marks.allSatisfy { chatTemplate.containsUTF8($0) }
        }
        guard let found else { return nil }
        template = found.template
        stops = found.stops
    }

    private static let known: [(marks: [String], template: String, stops: [String])] = [
        (
            ["<|im_start|>"],
            "{{- range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n",
            ["<|im_start|>", "<|im_end|>"]
        ),
        (
            ["<|start_header_id|>"],
            "{{- range .Messages }}<|start_header_id|>{{ .Role }}<|end_header_id|>\n\n{{ .Content }}<|eot_id|>{{ end }}"
                + "<|start_header_id|>assistant<|end_header_id|>\n\n",
            ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
        ),
        (
            ["<start_of_turn>"],
            "{{- range .Messages }}<start_of_turn>{{ if eq .Role \"assistant\" }}model{{ else }}user{{ end }}\n"
                + "{{ .Content }}<end_of_turn>\n{{ end }}<start_of_turn>model\n",
            ["<start_of_turn>", "<end_of_turn>"]
        ),
        (
            ["<|user|>", "<|end|>"],
            "{{- range .Messages }}<|{{ .Role }}|>\n{{ .Content }}<|end|>\n{{ end }}<|assistant|>\n",
            ["<|end|>", "<|user|>", "<|assistant|>"]
        ),
        (
            ["[INST]"],
            "{{- range .Messages }}{{ if eq .Role \"assistant\" }} {{ .Content }}</s>{{ else }}[INST] {{ .Content }} [/INST]"
                + "{{ end }}{{ end }}",
            ["[INST]", "[/INST]"]
        ),
    ]
}
