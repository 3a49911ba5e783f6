/// Classes of the libraries beside Keras, whose presets on Kaggle and the Hub name them.
///
/// Made from the sources of keras_hub 0.32.0, keras_nlp 0.14.4 and keras_cv 0.9.0: the classes that they export or register.
extension KerasNames {
    /// Classes by package.
    static let companions: [(package: String, names: String)] = [
        (
            "keras_hub",
            """
            AlbertBackbone AlbertMaskedLM AlbertMaskedLMPreprocessor AlbertTextClassifier
            AlbertTextClassifierPreprocessor AlbertTokenizer AlibiBias AnchorGenerator Arange
            AudioConverter BASNetBackbone BASNetImageConverter BASNetImageSegmenter
            BASNetPreprocessor BLIP2Backbone BLIP2CausalLM BLIP2CausalLMPreprocessor
            BLIP2CustomOPT BLIP2FlanT5 BLIP2FlanT5Tokenizer BLIP2ImageConverter
            BLIP2OPTEmbeddings BLIP2OPTTokenizer BLIP2QFormer BLIP2QueryTokens BLIP2Seq2SeqLM
            BLIP2Seq2SeqLMPreprocessor BLIP2VisionEncoder Backbone BartBackbone BartSeq2SeqLM
            BartSeq2SeqLMPreprocessor BartTokenizer BeamSampler BertBackbone BertMaskedLM
            BertMaskedLMPreprocessor BertTextClassifier BertTextClassifierPreprocessor
            BertTextEmbedder BertTextEmbedderPreprocessor BertTokenizer Bleu BloomBackbone
            BloomCausalLM BloomCausalLMPreprocessor BloomTokenizer BoxMatcher
            BytePairTokenizer ByteTokenizer CLIPBackbone CLIPImageConverter CLIPPreprocessor
            CLIPTextEncoder CLIPTokenizer CLIPVisionEncoder CSPNetBackbone
            CSPNetImageClassifier CSPNetImageClassifierPreprocessor CSPNetImageConverter
            CachedMultiHeadAttention CausalLM CausalLMPreprocessor ComputeAttentionMask
            ContrastiveSampler DFineBackbone DFineImageConverter DFineObjectDetector
            DFineObjectDetectorPreprocessor DINOV2Backbone DINOV2ImageConverter DINOV3Backbone
            DINOV3ImageConverter DebertaV3Backbone DebertaV3MaskedLM
            DebertaV3MaskedLMPreprocessor DebertaV3TextClassifier
            DebertaV3TextClassifierPreprocessor DebertaV3Tokenizer DeepLabV3Backbone
            DeepLabV3ImageConverter DeepLabV3ImageSegmenter
            DeepLabV3ImageSegmenterPreprocessor DeiTBackbone DeiTImageClassifier
            DeiTImageClassifierPreprocessor DeiTImageConverter DenseNetBackbone
            DenseNetImageClassifier DenseNetImageClassifierPreprocessor DenseNetImageConverter
            DepthAnythingBackbone DepthAnythingDepthEstimator
            DepthAnythingDepthEstimatorPreprocessor DepthAnythingImageConverter DepthEstimator
            DepthEstimatorPreprocessor DistilBertBackbone DistilBertMaskedLM
            DistilBertMaskedLMPreprocessor DistilBertTextClassifier
            DistilBertTextClassifierPreprocessor DistilBertTokenizer ESMBackbone ESMMaskedPLM
            ESMMaskedPLMPreprocessor ESMProteinClassifier ESMProteinClassifierPreprocessor
            ESMTokenizer EdRecBackbone EdRecSeq2SeqLM EditDistance EfficientNetBackbone
            EfficientNetImageClassifier EfficientNetImageClassifierPreprocessor
            EfficientNetImageConverter ElectraBackbone ElectraTokenizer FNetBackbone
            FNetEncoder FNetMaskedLM FNetMaskedLMPreprocessor FNetTextClassifier
            FNetTextClassifierPreprocessor FNetTokenizer FalconBackbone FalconCausalLM
            FalconCausalLMPreprocessor FalconTokenizer FeaturePyramidBackbone FluxBackbone
            FluxTextToImage FluxTextToImagePreprocessor GPT2Backbone GPT2CausalLM
            GPT2CausalLMPreprocessor GPT2Preprocessor GPT2Tokenizer GPTNeoXBackbone
            GPTNeoXCausalLM GPTNeoXCausalLMPreprocessor GPTNeoXTokenizer Gemma3Backbone
            Gemma3CausalLM Gemma3CausalLMPreprocessor Gemma3ImageConverter Gemma3TextEmbedder
            Gemma3TextEmbedderPreprocessor Gemma3Tokenizer Gemma3VisionEncoder
            Gemma3nAudioConverter Gemma3nBackbone Gemma3nCausalLM Gemma3nCausalLMPreprocessor
            Gemma3nImageConverter Gemma3nTokenizer Gemma4AssistantCausalLM
            Gemma4AudioConverter Gemma4AudioEncoder Gemma4Backbone Gemma4CausalLM
            Gemma4CausalLMPreprocessor Gemma4ImageConverter Gemma4Tokenizer
            Gemma4VideoConverter Gemma4VisionEncoder GemmaBackbone GemmaCausalLM
            GemmaCausalLMPreprocessor GemmaTokenizer GptOssBackbone GptOssCausalLM
            GptOssCausalLMPreprocessor GptOssTokenizer GreedySampler HGNetV2Backbone
            HGNetV2BasicLayer HGNetV2ConvLayer HGNetV2ConvLayerLight HGNetV2Embeddings
            HGNetV2Encoder HGNetV2ImageClassifier HGNetV2ImageClassifierPreprocessor
            HGNetV2ImageConverter HGNetV2LearnableAffineBlock HGNetV2Stage ImageClassifier
            ImageClassifierPreprocessor ImageConverter ImageSegmenter
            ImageSegmenterPreprocessor ImageToImage Inpaint KerasHubLLM Llama3Backbone
            Llama3CausalLM Llama3CausalLMPreprocessor Llama3Tokenizer LlamaBackbone
            LlamaCausalLM LlamaCausalLMPreprocessor LlamaTokenizer MaskedLM MaskedLMHead
            MaskedLMMaskGenerator MaskedLMPreprocessor MetaCLIP2Backbone
            MetaCLIP2CausalLMPreprocessor MetaCLIP2ImageConverter MetaCLIP2TextEncoder
            MetaCLIP2Tokenizer MetaCLIP2VisionEncoder MiTBackbone MiTImageClassifier
            MiTImageClassifierPreprocessor MiTImageConverter MistralBackbone MistralCausalLM
            MistralCausalLMPreprocessor MistralTekkenTokenizer MistralTokenizer
            MixtralBackbone MixtralCausalLM MixtralCausalLMPreprocessor MixtralTokenizer
            MobileNetBackbone MobileNetImageClassifier MobileNetImageClassifierPreprocessor
            MobileNetImageConverter MobileNetV5Backbone MobileNetV5ImageClassifier
            MobileNetV5ImageClassifierPreprocessor MobileNetV5ImageConverter
            MoonshineAudioConverter MoonshineAudioToText MoonshineAudioToTextPreprocessor
            MoonshineBackbone MoonshineDecoderBlock MoonshineEncoderBlock MoonshineMLP
            MoonshineMultiHeadAttention MoonshineRotaryEmbedding MoonshineTokenizer
            MultiSegmentPacker NonMaxSuppression OPTBackbone OPTCausalLM
            OPTCausalLMPreprocessor OPTTokenizer ObjectDetector ObjectDetectorPreprocessor
            PARSeqBackbone PARSeqCausalLM PARSeqCausalLMPreprocessor PARSeqImageConverter
            PARSeqTokenizer PaliGemmaBackbone PaliGemmaCausalLM PaliGemmaCausalLMPreprocessor
            PaliGemmaImageConverter PaliGemmaTokenizer Perplexity Phi3Backbone Phi3CausalLM
            Phi3CausalLMPreprocessor Phi3Tokenizer PipelineModel PositionEmbedding
            Preprocessor QFormerAttention QFormerLayer Qwen3Backbone Qwen3CausalLM
            Qwen3CausalLMPreprocessor Qwen3MoeBackbone Qwen3MoeCausalLM
            Qwen3MoeCausalLMPreprocessor Qwen3MoeTokenizer Qwen3TextEmbedder
            Qwen3TextEmbedderPreprocessor Qwen3Tokenizer Qwen3_5Backbone Qwen3_5CausalLM
            Qwen3_5CausalLMPreprocessor Qwen3_5ImageConverter Qwen3_5MoeBackbone
            Qwen3_5MoeCausalLM Qwen3_5MoeCausalLMPreprocessor Qwen3_5MoeImageConverter
            Qwen3_5MoeTokenizer Qwen3_5MoeVideoConverter Qwen3_5Tokenizer
            Qwen3_5VideoConverter QwenBackbone QwenCausalLM QwenCausalLMPreprocessor
            QwenMoeBackbone QwenMoeCausalLM QwenMoeCausalLMPreprocessor QwenMoeTokenizer
            QwenTokenizer RMSNormalization RWKV7Backbone RWKV7CausalLM
            RWKV7CausalLMPreprocessor RWKVTokenizer RandomDeletion RandomSampler RandomSwap
            ResNetBackbone ResNetImageClassifier ResNetImageClassifierPreprocessor
            ResNetImageConverter RetinaNetBackbone RetinaNetImageConverter
            RetinaNetObjectDetector RetinaNetObjectDetectorPreprocessor ReversibleEmbedding
            RobertaBackbone RobertaMaskedLM RobertaMaskedLMPreprocessor RobertaTextClassifier
            RobertaTextClassifierPreprocessor RobertaTokenizer RoformerAttention
            RoformerV2Backbone RoformerV2Encoder RoformerV2MaskedLM
            RoformerV2MaskedLMPreprocessor RoformerV2TextClassifier
            RoformerV2TextClassifierPreprocessor RoformerV2Tokenizer RotaryEmbedding RougeL
            RougeN SAM3DetrDecoder SAM3DetrEncoder SAM3GeometryEncoder SAM3ImageConverter
            SAM3MaskDecoder SAM3PromptableConceptBackbone SAM3PromptableConceptImageSegmenter
            SAM3PromptableConceptImageSegmenterPreprocessor SAM3TextEncoder SAM3Tokenizer
            SAM3VisionEncoder SAMBackbone SAMImageConverter SAMImageSegmenter
            SAMImageSegmenterPreprocessor SAMMaskDecoder SAMPromptEncoder Sampler
            SegFormerBackbone SegFormerImageConverter SegFormerImageSegmenter
            SegFormerImageSegmenterPreprocessor SentencePieceTokenizer Seq2SeqLM
            Seq2SeqLMPreprocessor SigLIPBackbone SigLIPImageConverter SigLIPPreprocessor
            SigLIPTextEncoder SigLIPTokenizer SigLIPVisionEncoder SinePositionEncoding
            SmolLM3Backbone SmolLM3CausalLM SmolLM3CausalLMPreprocessor SmolLM3Tokenizer
            SpeculativeSampler StableDiffusion3Backbone StableDiffusion3ImageToImage
            StableDiffusion3Inpaint StableDiffusion3TextToImage
            StableDiffusion3TextToImagePreprocessor StartEndPacker SwinTransformerBackbone
            SwinTransformerImageClassifier SwinTransformerImageClassifierPreprocessor
            SwinTransformerImageConverter T5Backbone T5Gemma2Backbone T5Gemma2ImageConverter
            T5Gemma2Seq2SeqLM T5Gemma2Seq2SeqLMPreprocessor T5Gemma2Tokenizer T5GemmaBackbone
            T5GemmaSeq2SeqLM T5GemmaSeq2SeqLMPreprocessor T5GemmaTokenizer T5Preprocessor
            T5Seq2SeqLM T5Seq2SeqLMPreprocessor T5Tokenizer Task TextClassifier
            TextClassifierPreprocessor TextEmbedder TextEmbedderPreprocessor TextToImage
            TextToImagePreprocessor TokenAndPositionEmbedding Tokenizer TopKSampler
            TopPSampler TransformerDecoder TransformerEncoder UnicodeCodepointTokenizer
            VGGBackbone VGGImageClassifier VGGImageClassifierPreprocessor VGGImageConverter
            ViTBackbone ViTDetBackbone ViTImageClassifier ViTImageClassifierPreprocessor
            ViTImageConverter VideoConverter VideoPrismBackbone VideoPrismImageConverter
            VideoPrismTokenizer WhisperAudioConverter WhisperBackbone
            WhisperCachedMultiHeadAttention WhisperDecoder WhisperEncoder WhisperTokenizer
            WordPieceTokenizer XLMRobertaBackbone XLMRobertaMaskedLM
            XLMRobertaMaskedLMPreprocessor XLMRobertaTextClassifier
            XLMRobertaTextClassifierPreprocessor XLMRobertaTextEmbedder
            XLMRobertaTextEmbedderPreprocessor XLMRobertaTokenizer XLNetBackbone
            XceptionBackbone XceptionImageClassifier XceptionImageClassifierPreprocessor
            XceptionImageConverter
            """
        ),
        (
            "keras_nlp",
            """
            AlbertBackbone AlbertClassifier AlbertMaskedLM AlbertMaskedLMPreprocessor
            AlbertPreprocessor AlbertTokenizer AlibiBias Backbone BartBackbone
            BartPreprocessor BartSeq2SeqLM BartSeq2SeqLMPreprocessor BartTokenizer BeamSampler
            BertBackbone BertClassifier BertMaskedLM BertMaskedLMPreprocessor BertPreprocessor
            BertTokenizer Bleu BloomBackbone BloomCausalLM BloomCausalLMPreprocessor
            BloomPreprocessor BloomTokenizer BytePairTokenizer ByteTokenizer
            CachedMultiHeadAttention CausalLM Classifier ContrastiveSampler DebertaV3Backbone
            DebertaV3Classifier DebertaV3MaskedLM DebertaV3MaskedLMPreprocessor
            DebertaV3Preprocessor DebertaV3Tokenizer DistilBertBackbone DistilBertClassifier
            DistilBertMaskedLM DistilBertMaskedLMPreprocessor DistilBertPreprocessor
            DistilBertTokenizer EditDistance ElectraBackbone ElectraPreprocessor
            ElectraTokenizer FNetBackbone FNetClassifier FNetEncoder FNetMaskedLM
            FNetMaskedLMPreprocessor FNetPreprocessor FNetTokenizer FalconBackbone
            FalconCausalLM FalconCausalLMPreprocessor FalconPreprocessor FalconTokenizer
            GPT2Backbone GPT2CausalLM GPT2CausalLMPreprocessor GPT2Preprocessor GPT2Tokenizer
            GPTNeoXBackbone GPTNeoXCausalLM GPTNeoXCausalLMPreprocessor GPTNeoXPreprocessor
            GPTNeoXTokenizer GemmaBackbone GemmaCausalLM GemmaCausalLMPreprocessor
            GemmaPreprocessor GemmaTokenizer GreedySampler Llama3Backbone Llama3CausalLM
            Llama3CausalLMPreprocessor Llama3Preprocessor Llama3Tokenizer LlamaBackbone
            LlamaCausalLM LlamaCausalLMPreprocessor LlamaPreprocessor LlamaTokenizer MaskedLM
            MaskedLMHead MaskedLMMaskGenerator MistralBackbone MistralCausalLM
            MistralCausalLMPreprocessor MistralPreprocessor MistralTokenizer
            MultiSegmentPacker OPTBackbone OPTCausalLM OPTCausalLMPreprocessor OPTPreprocessor
            OPTTokenizer PaliGemmaBackbone PaliGemmaCausalLM PaliGemmaCausalLMPreprocessor
            PaliGemmaTokenizer Perplexity Phi3Backbone Phi3CausalLM Phi3CausalLMPreprocessor
            Phi3Preprocessor Phi3Tokenizer PipelineModel PositionEmbedding Preprocessor
            RandomDeletion RandomSampler RandomSwap ReversibleEmbedding RobertaBackbone
            RobertaClassifier RobertaMaskedLM RobertaMaskedLMPreprocessor RobertaPreprocessor
            RobertaTokenizer RotaryEmbedding RougeL RougeN Sampler SentencePieceTokenizer
            Seq2SeqLM SinePositionEncoding StartEndPacker T5Backbone T5Tokenizer Task
            TokenAndPositionEmbedding Tokenizer TopKSampler TopPSampler TransformerDecoder
            TransformerEncoder UnicodeCodepointTokenizer WhisperAudioFeatureExtractor
            WhisperBackbone WhisperCachedMultiHeadAttention WhisperDecoder WhisperEncoder
            WhisperPreprocessor WhisperTokenizer WordPieceTokenizer XLMRobertaBackbone
            XLMRobertaClassifier XLMRobertaMaskedLM XLMRobertaMaskedLMPreprocessor
            XLMRobertaPreprocessor XLMRobertaTokenizer XLNetBackbone
            """
        ),
        (
            "keras_cv",
            """
            AddPositionalEmbedding AddRelativePositionalEmbedding AnchorGenerator AugMix
            Augmenter AutoContrast BASNet Backbone BaseAugmentationLayer3D
            BaseImageAugmentationLayer BinaryPenaltyReducedFocalCrossEntropy BoxCOCOMetrics
            BoxMatcher CENTER_XYWH CIoULoss CLIP CLIPAttention CLIPEncoder CLIPImageEncoder
            CLIPProcessor CLIPTextEncoder CSPDarkNetBackbone CSPDarkNetLBackbone
            CSPDarkNetMBackbone CSPDarkNetSBackbone CSPDarkNetTinyBackbone
            CSPDarkNetXLBackbone CenterNetBoxLoss CenterNetLabelEncoder CenterPillarBackbone
            ChannelShuffle ConstantFactorSampler ConvMixer ConvNeXt CrossStagePartial CutMix
            DarkNet Decoder DeepLabV3Plus DenseNet121Backbone DenseNet169Backbone
            DenseNet201Backbone DenseNetBackbone DiffusionModel DropBlock2D DropPath
            DynamicVoxelization EfficientNetLiteB0Backbone EfficientNetLiteB1Backbone
            EfficientNetLiteB2Backbone EfficientNetLiteB3Backbone EfficientNetLiteB4Backbone
            EfficientNetLiteBackbone EfficientNetV1B0Backbone EfficientNetV1B1Backbone
            EfficientNetV1B2Backbone EfficientNetV1B3Backbone EfficientNetV1B4Backbone
            EfficientNetV1B5Backbone EfficientNetV1B6Backbone EfficientNetV1B7Backbone
            EfficientNetV1Backbone EfficientNetV2B0Backbone EfficientNetV2B1Backbone
            EfficientNetV2B2Backbone EfficientNetV2B3Backbone EfficientNetV2Backbone
            EfficientNetV2LBackbone EfficientNetV2MBackbone EfficientNetV2SBackbone
            Equalization FactorSampler FasterRCNN FeaturePyramid FocalLoss FourierMix
            FrustumRandomDroppingPoints FrustumRandomPointFeatureNoise FusedMBConvBlock
            GIoULoss GlobalRandomDroppingPoints GlobalRandomFlip GlobalRandomRotation
            GlobalRandomScaling GlobalRandomTranslation Grayscale GridMask
            GroupPointsByBoundingBoxes HeatmapDecoder HierarchicalTransformerEncoder
            ImageClassifier ImageEncoder IoULoss JitteredResize LayerScale MBConvBlock
            MLPMixer MiTB0Backbone MiTB1Backbone MiTB2Backbone MiTB3Backbone MiTB4Backbone
            MiTB5Backbone MiTBackbone MixUp MobileNetV3Backbone MobileNetV3LargeBackbone
            MobileNetV3SmallBackbone Mosaic MultiClassNonMaxSuppression
            MultiHeadAttentionWithDownsampling MultiHeadAttentionWithRelativePE
            MultiHeadCenterPillar NoiseScheduler NonMaxSuppression NormalFactorSampler
            OverlappingPatchingAndEmbedding PatchingAndEmbedding Posterization PredictionHead
            PyCOCOCallback QuickGELU REL_XY REL_XYWH REL_XYXY REL_YXYX ROIGenerator ROIPooler
            RandAugment RandomApply RandomAspectRatio RandomAugmentationPipeline
            RandomBrightness RandomChannelShift RandomChoice RandomColorDegeneration
            RandomColorJitter RandomContrast RandomCopyPaste RandomCrop RandomCropAndResize
            RandomCutout RandomDropBox RandomFlip RandomFrequencyPositionalEmbeddings
            RandomGaussianBlur RandomHue RandomJpegQuality RandomRotation RandomSaturation
            RandomSharpness RandomShear RandomTranslation RandomZoom RegNet
            RepeatedAugmentation ResNet101Backbone ResNet101V2Backbone ResNet152Backbone
            ResNet152V2Backbone ResNet18Backbone ResNet18V2Backbone ResNet34Backbone
            ResNet34V2Backbone ResNet50Backbone ResNet50V2Backbone ResNetBackbone
            ResNetV2Backbone Rescaling ResidualAttention Resizing RetinaNet
            RetinaNetLabelEncoder SAMMaskDecoder SAMPromptEncoder SegFormer SegFormerB0
            SegFormerB1 SegFormerB2 SegFormerB3 SegFormerB4 SegFormerB5
            SegFormerMultiheadAttention SegmentAnythingModel SimCLRLoss SimpleTokenizer
            SmoothL1Loss Solarization SpatialPyramidPooling SqueezeAndExcite2D StableDiffusion
            StableDiffusionV2 StochasticDepth SwapBackground Task TextEncoder TextEncoderV2
            TransformerEncoder TwoWayMultiHeadAttention TwoWayTransformer UniformFactorSampler
            VGG16 VGG16Backbone VGG19 VectorizedBaseImageAugmentationLayer ViT ViTDetBBackbone
            ViTDetBackbone ViTDetHBackbone ViTDetLBackbone ViTDetPatchingAndEmbedding
            VideoClassifier VideoSwinBBackbone VideoSwinBackbone VideoSwinSBackbone
            VideoSwinTBackbone WaymoEvaluationCallback WindowPartitioning
            WindowedTransformerEncoder XY XYWH XYXY YOLOV8Backbone YOLOV8Detector
            YOLOV8LabelEncoder YXYX _ROIAligner _ROISampler _RpnLabelEncoder
            """
        ),
    ]
}
