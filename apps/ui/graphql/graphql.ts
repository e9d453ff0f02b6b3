/* eslint-disable */
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
export type Maybe<T> = T | null;
export type InputMaybe<T> = Maybe<T>;
export type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
export type MakeOptional<T, K extends keyof T> = Omit<T, K> & { [SubKey in K]?: Maybe<T[SubKey]> };
export type MakeMaybe<T, K extends keyof T> = Omit<T, K> & { [SubKey in K]: Maybe<T[SubKey]> };
export type MakeEmpty<T extends { [key: string]: unknown }, K extends keyof T> = { [_ in K]?: never };
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  DateTime: { input: string; output: string; }
  JSON: { input: unknown; output: unknown; }
};

export type CheckOutcome =
  | 'FAILED'
  | 'PASSED'
  | 'SKIPPED';

export type CircuitSidecarInput = {
  data: Scalars['String']['input'];
  method: Scalars['String']['input'];
  metric: Scalars['String']['input'];
  model: Scalars['String']['input'];
  sign: Scalars['String']['input'];
};

export type ClaimOutcome =
  | 'AGREES'
  | 'DISAGREES'
  | 'NOT_TESTED';

export type ClaimSource =
  | 'NOTEBOOKS'
  | 'REPLICATION';

export type CreateDataSetInput = {
  description?: InputMaybe<Scalars['String']['input']>;
  name?: InputMaybe<Scalars['String']['input']>;
  pairs: Array<PairInput>;
  slug: Scalars['String']['input'];
};

export type CreateStudyInput = {
  dataSet?: Scalars['String']['input'];
  evenIfMixed?: Scalars['Boolean']['input'];
  model: Scalars['String']['input'];
  name: StudyName;
  seed?: Scalars['Int']['input'];
};

export type EdgeEffectOrder =
  | 'ABSOLUTE_EFFECT_DESC'
  | 'EFFECT_ASC'
  | 'EFFECT_DESC'
  | 'SPEC';

export type EdgeFilter = {
  inCircuit?: InputMaybe<Scalars['Boolean']['input']>;
  minAbsoluteScore?: InputMaybe<Scalars['Float']['input']>;
  ports?: InputMaybe<Array<Port>>;
  receiver?: InputMaybe<NodeFilter>;
  sender?: InputMaybe<NodeFilter>;
  sign?: InputMaybe<Sign>;
};

export type EdgeOrder =
  | 'ABSOLUTE_SCORE_DESC'
  | 'SCORE_ASC'
  | 'SCORE_DESC';

export type ExperimentFilter = {
  dataSet?: InputMaybe<Scalars['String']['input']>;
  kinds?: InputMaybe<Array<ExperimentKind>>;
  model?: InputMaybe<Scalars['String']['input']>;
  search?: InputMaybe<Scalars['String']['input']>;
  statuses?: InputMaybe<Array<ExperimentStatus>>;
};

export type ExperimentKind =
  | 'ACTIVATIONS'
  | 'ACTIVATION_PATCHING'
  | 'ATTRIBUTION'
  | 'CIRCUIT_DISCOVERY'
  | 'CIRCUIT_EVALUATION'
  | 'DIRECTION'
  | 'EDGE_PATCHING'
  | 'GENERATION'
  | 'HEAD_SCAN'
  | 'STEERING';

export type ExperimentStatus =
  | 'CANCELLED'
  | 'FAILED'
  | 'QUEUED'
  | 'RUNNING'
  | 'SUCCEEDED';

export type FinishReason =
  | 'CONTEXT'
  | 'LENGTH'
  | 'STOP';

export type GridAxisKind =
  | 'HEAD'
  | 'LAYER'
  | 'POSITION';

export type ImportCircuitInput = {
  graph: Scalars['JSON']['input'];
  name: Scalars['String']['input'];
  sidecar: CircuitSidecarInput;
};

export type LayerRange = {
  max?: InputMaybe<Scalars['Int']['input']>;
  min?: InputMaybe<Scalars['Int']['input']>;
};

export type ModelCheckStatus =
  | 'ENDED'
  | 'FAILED'
  | 'QUEUED'
  | 'RUNNING';

export type ModelDownloadStatus =
  | 'DOWNLOADING'
  | 'FAILED'
  | 'REGISTERED';

export type NameDirectionInput = {
  experiment: Scalars['ID']['input'];
  layer?: InputMaybe<Scalars['Int']['input']>;
  position?: InputMaybe<Scalars['String']['input']>;
  slug: Scalars['String']['input'];
};

export type NodeFilter = {
  heads?: InputMaybe<Array<Scalars['Int']['input']>>;
  kinds?: InputMaybe<Array<NodeKind>>;
  layers?: InputMaybe<LayerRange>;
  names?: InputMaybe<Array<Scalars['String']['input']>>;
};

export type NodeKind =
  | 'HEAD'
  | 'INPUT'
  | 'KV_HEAD'
  | 'LOGITS'
  | 'MLP';

export type PairInput = {
  answer: Scalars['JSON']['input'];
  clean: Scalars['JSON']['input'];
  corrupted: Scalars['JSON']['input'];
  distractor: Scalars['JSON']['input'];
  roles?: InputMaybe<Scalars['JSON']['input']>;
};

export type Port =
  | 'IN'
  | 'K'
  | 'Q'
  | 'V';

export type RegisterModelInput = {
  name?: InputMaybe<Scalars['String']['input']>;
  path: Scalars['String']['input'];
  slug?: InputMaybe<Scalars['String']['input']>;
};

export type Sign =
  | 'NEGATIVE'
  | 'POSITIVE';

export type StudyFilter = {
  dataSet?: InputMaybe<Scalars['String']['input']>;
  model?: InputMaybe<Scalars['String']['input']>;
  names?: InputMaybe<Array<StudyName>>;
  statuses?: InputMaybe<Array<ExperimentStatus>>;
};

export type StudyName =
  | 'ACDCPP'
  | 'EAP_HEADS'
  | 'GEMMA_REPLICATION'
  | 'LAYER_CURVE'
  | 'OBJECT_PATCHING'
  | 'REFUSAL_HEADS';

export type AttributionStudyQueryVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type AttributionStudyQuery = { experiment?: { id: string, spec: unknown, circuit?: { ' $fragmentRefs'?: { 'CircuitCardFragment': CircuitCardFragment } } | null, exactCheck?: { ' $fragmentRefs'?: { 'ExactCheckFragment': ExactCheckFragment } } | null, bootstrap?: { ' $fragmentRefs'?: { 'BootstrapTableFragment': BootstrapTableFragment } } | null } | null };

export type BootstrapTableFragment = { resamples: number, units: number, pairsPerUnit: number, stability: number, top: Array<{ name: string, score: number, low: number, high: number, frequency: number }> } & { ' $fragmentName'?: 'BootstrapTableFragment' };

export type ExactCheckFragment = { all: { ' $fragmentRefs'?: { 'AgreementFragment': AgreementFragment } }, top: { ' $fragmentRefs'?: { 'AgreementFragment': AgreementFragment } }, random: { ' $fragmentRefs'?: { 'AgreementFragment': AgreementFragment } }, edges: Array<{ name: string, score: number, exact: number, isTop: boolean }> } & { ' $fragmentName'?: 'ExactCheckFragment' };

export type AgreementFragment = { pearson?: number | null, spearman?: number | null, signs?: number | null } & { ' $fragmentName'?: 'AgreementFragment' };

export type CircuitCardFragment = { id: string, edgeCount: number, edges: { nodes: Array<{ name: string, score: number }> } } & { ' $fragmentName'?: 'CircuitCardFragment' };

export type CircuitGraphQueryVariables = Exact<{
  id: Scalars['ID']['input'];
  first: Scalars['Int']['input'];
  filter?: InputMaybe<EdgeFilter>;
}>;


export type CircuitGraphQuery = { circuit?: { id: string, edges: { totalCount: number, nodes: Array<{ ' $fragmentRefs'?: { 'GraphEdgeFragment': GraphEdgeFragment } }> } } | null };

export type GraphEdgeFragment = { name: string, port: Port, score: number, rank: number, sender: { name: string, kind: NodeKind, layer?: number | null, head?: number | null }, receiver: { name: string, kind: NodeKind, layer?: number | null, head?: number | null } } & { ' $fragmentName'?: 'GraphEdgeFragment' };

export type CircuitPageQueryVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type CircuitPageQuery = { circuit?: { id: string, name: string, edgeCount: number, inCircuitCount?: number | null, experiment?: { id: string, modelName: string, discoveredCircuit?: { faithfulness?: number | null } | null, model?: { name: string, shape: { nLayers: number, nHeads: number, nKvHeads: number } } | null, dataSet?: { name: string } | null } | null } | null };

export type EdgePageQueryVariables = Exact<{
  id: Scalars['ID']['input'];
  first: Scalars['Int']['input'];
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<EdgeFilter>;
  orderBy: EdgeOrder;
}>;


export type EdgePageQuery = { circuit?: { id: string, edges: { totalCount: number, nodes: Array<{ ' $fragmentRefs'?: { 'EdgeRowFragment': EdgeRowFragment } }>, pageInfo: { hasNextPage: boolean, endCursor?: string | null } } } | null };

export type EdgeRowFragment = { name: string, port: Port, score: number, rank: number, interval?: { low: number, high: number } | null, sender: { name: string }, receiver: { name: string } } & { ' $fragmentName'?: 'EdgeRowFragment' };

export type NeighbourhoodQueryVariables = Exact<{
  id: Scalars['ID']['input'];
  node: Scalars['String']['input'];
  top: Scalars['Int']['input'];
}>;


export type NeighbourhoodQuery = { circuit?: { id: string, neighbourhood: Array<{ ' $fragmentRefs'?: { 'EdgeRowFragment': EdgeRowFragment } }> } | null };

export type CircuitChoicesQueryVariables = Exact<{ [key: string]: never; }>;


export type CircuitChoicesQuery = { experiments: { nodes: Array<{ id: string, kind: ExperimentKind, createdAt: string, modelName: string, model?: { name: string } | null, dataSet?: { name: string } | null, circuit?: { id: string } | null }> } };

export type ComparisonQueryVariables = Exact<{
  a: Scalars['ID']['input'];
  b: Scalars['ID']['input'];
  top: Scalars['Int']['input'];
}>;


export type ComparisonQuery = { compareCircuits: { jaccard: number, rankCorrelation?: number | null, commonEdgeCount: number, shared: Array<{ name: string, a: { score: number }, b: { score: number } }>, onlyInA: Array<{ name: string, score: number }>, onlyInB: Array<{ name: string, score: number }> } };

export type BuiltInPairsModelsQueryVariables = Exact<{ [key: string]: never; }>;


export type BuiltInPairsModelsQuery = { models: Array<{ slug: string, name: string }> };

export type BuiltInPairsQueryVariables = Exact<{
  slug: Scalars['String']['input'];
  model: Scalars['String']['input'];
}>;


export type BuiltInPairsQuery = { dataSet?: { pairs: { ' $fragmentRefs'?: { 'PairTableFragment': PairTableFragment } } } | null };

export type DataSetCardFragment = { slug: string, name: string, description?: string | null, builtIn: boolean, size?: number | null, pairs: { ' $fragmentRefs'?: { 'PairTableFragment': PairTableFragment } } } & { ' $fragmentName'?: 'DataSetCardFragment' };

export type DataSetListQueryVariables = Exact<{ [key: string]: never; }>;


export type DataSetListQuery = { dataSets: Array<(
    { id: string, builtIn: boolean }
    & { ' $fragmentRefs'?: { 'DataSetCardFragment': DataSetCardFragment } }
  )> };

export type PairTableFragment = { totalCount: number, nodes: Array<{ index: number, clean: unknown, corrupted: unknown, cleanText: string, corruptedText: string, answer: unknown, distractor: unknown }> } & { ' $fragmentName'?: 'PairTableFragment' };

export type DirectionStudyQueryVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type DirectionStudyQuery = { experiment?: { id: string, metric: string, directionCandidates?: { layers: Array<number>, positions: Array<string>, norms: Array<Array<number>>, ablation?: Array<Array<number>> | null, addition?: Array<Array<number>> | null, kl?: Array<Array<number>> | null, baselineClean: number, baselineCorrupted: number, unselected?: string | null, selected?: { layer: number, position: string, ablation: number, addition: number, kl: number } | null } | null } | null };

export type NameDirectionMutationVariables = Exact<{
  input: NameDirectionInput;
}>;


export type NameDirectionMutation = { nameDirection: { slug: string } };

export type DiscoveryStudyQueryVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type DiscoveryStudyQuery = { experiment?: { id: string, spec: unknown, metric: string, model?: { shape: { nHeads: number, nKvHeads: number } } | null, circuit?: { id: string } | null, discoveredCircuit?: { method: string, ablation: string, edgeCount: number, nodeCount: number, graphEdgeCount: number, faithfulness?: number | null, metric?: number | null, baselineClean: number, baselineAblated: number, tested?: number | null, passes?: number | null } | null } | null };

export type EdgeEffectsQueryVariables = Exact<{
  id: Scalars['ID']['input'];
  first: Scalars['Int']['input'];
  after?: InputMaybe<Scalars['String']['input']>;
  orderBy: EdgeEffectOrder;
}>;


export type EdgeEffectsQuery = { experiment?: { id: string, metric: string, edgeEffects?: { totalCount: number, nodes: Array<{ ' $fragmentRefs'?: { 'EffectRowFragment': EffectRowFragment } }>, pageInfo: { hasNextPage: boolean, endCursor?: string | null } } | null } | null };

export type EffectRowFragment = { name: string, port: Port, effect: number, rank: number, sender: { name: string }, receiver: { name: string } } & { ' $fragmentName'?: 'EffectRowFragment' };

export type FaithfulnessStudyQueryVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type FaithfulnessStudyQuery = { experiment?: { id: string, metric: string, faithfulnessCurve?: { edgeCount: number, ablation: string, cpr?: number | null, cmd?: number | null, baselineClean: number, baselineAblated: number, points: Array<{ edges: number, share: number, metric?: number | null, faithfulness?: number | null, completeness?: number | null }> } | null } | null };

export type ExperimentDetailsFragment = { id: string, spec: unknown, specHash: string, record?: unknown | null, arrays: Array<{ name: string, shape: Array<number> }> } & { ' $fragmentName'?: 'ExperimentDetailsFragment' };

export type ExperimentFilterChoicesQueryVariables = Exact<{ [key: string]: never; }>;


export type ExperimentFilterChoicesQuery = { models: Array<{ slug: string, name: string }> };

export type ExperimentHeaderFragment = (
  { id: string, kind: ExperimentKind, status: ExperimentStatus, modelName: string, createdAt: string, startedAt?: string | null, finishedAt?: string | null, model?: { name: string } | null, dataSet?: { name: string } | null, error?: { code: string, message: string, path?: string | null } | null }
  & { ' $fragmentRefs'?: { 'ExperimentStatusFragment': ExperimentStatusFragment } }
) & { ' $fragmentName'?: 'ExperimentHeaderFragment' };

export type CancelExperimentMutationVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type CancelExperimentMutation = { cancelExperiment: { id: string } };

export type RerunExperimentMutationVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type RerunExperimentMutation = { rerunExperiment: { id: string } };

export type ExperimentListQueryVariables = Exact<{
  first: Scalars['Int']['input'];
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<ExperimentFilter>;
}>;


export type ExperimentListQuery = { experiments: { totalCount: number, nodes: Array<(
      { id: string, status: ExperimentStatus }
      & { ' $fragmentRefs'?: { 'ExperimentRowFragment': ExperimentRowFragment } }
    )>, pageInfo: { hasNextPage: boolean, endCursor?: string | null } } };

export type ExperimentPageQueryVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type ExperimentPageQuery = { experiment?: (
    { id: string, kind: ExperimentKind, status: ExperimentStatus }
    & { ' $fragmentRefs'?: { 'ExperimentHeaderFragment': ExperimentHeaderFragment;'ExperimentDetailsFragment': ExperimentDetailsFragment;'ExperimentPairsFragment': ExperimentPairsFragment } }
  ) | null };

export type ExperimentPairsFragment = { metric: string, pairs: Array<{ index: number, firstDifference: number, metricClean?: number | null, metricCorrupted?: number | null, clean: Array<{ id: number, string: string }>, corrupted: Array<{ id: number, string: string }>, answer: { id: number, string: string }, distractor: { id: number, string: string } }> } & { ' $fragmentName'?: 'ExperimentPairsFragment' };

export type ExperimentRowFragment = (
  { id: string, kind: ExperimentKind, modelName: string, createdAt: string, startedAt?: string | null, finishedAt?: string | null, model?: { name: string } | null, dataSet?: { name: string } | null }
  & { ' $fragmentRefs'?: { 'ExperimentStatusFragment': ExperimentStatusFragment } }
) & { ' $fragmentName'?: 'ExperimentRowFragment' };

export type ExperimentStatusFragment = { id: string, progress: { ' $fragmentRefs'?: { 'ProgressStepFragment': ProgressStepFragment } } } & { ' $fragmentName'?: 'ExperimentStatusFragment' };

export type ProgressStepFragment = { experimentId: string, status: ExperimentStatus, stage?: string | null, fraction: number } & { ' $fragmentName'?: 'ProgressStepFragment' };

export type ExperimentProgressSubscriptionVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type ExperimentProgressSubscription = { experimentProgress: { ' $fragmentRefs'?: { 'ProgressStepFragment': ProgressStepFragment } } };

export type HeadScanStudyQueryVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type HeadScanStudyQuery = { experiment?: { id: string, metric: string, headScan?: { direction: string, position: string, baselineClean: number, baselineCorrupted: number, pairCount: number, scores: Array<Array<number | null> | null>, heads: Array<{ name: string, layer: number, head: number, score: number }>, validation?: { ' $fragmentRefs'?: { 'HeadValidationFragment': HeadValidationFragment } } | null } | null } | null };

export type HeadValidationFragment = { none?: string | null, patch?: { score: number, random: Array<number>, singles: number } | null, ablate?: { mean: { score: number, random: Array<number>, metric: number }, zero: { score: number, random: Array<number>, metric: number } } | null, steer?: { layer: number, induce: Array<{ ' $fragmentRefs'?: { 'HeadSteeringStepFragment': HeadSteeringStepFragment } }>, inhibit: Array<{ ' $fragmentRefs'?: { 'HeadSteeringStepFragment': HeadSteeringStepFragment } }> } | null } & { ' $fragmentName'?: 'HeadValidationFragment' };

export type HeadSteeringStepFragment = { coefficient: number, metric: number, flips?: number | null, kl?: number | null } & { ' $fragmentName'?: 'HeadSteeringStepFragment' };

export type ModelChecksFragment = { id: string, checks: Array<(
    { id: string }
    & { ' $fragmentRefs'?: { 'ModelCheckFragment': ModelCheckFragment } }
  )> } & { ' $fragmentName'?: 'ModelChecksFragment' };

export type ModelCheckFragment = { status: ModelCheckStatus, fraction: number, passed?: boolean | null, backend?: string | null, backendVersion?: string | null, version?: string | null, isCurrent: boolean, createdAt: string, finishedAt?: string | null, error?: { code: string, message: string } | null, results: Array<{ name: string, says: string, status: CheckOutcome, tolerance: number, measured?: number | null, detail: string }> } & { ' $fragmentName'?: 'ModelCheckFragment' };

export type CheckModelMutationVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type CheckModelMutation = { checkModel: { id: string } };

export type ModelListQueryVariables = Exact<{ [key: string]: never; }>;


export type ModelListQuery = { models: Array<(
    { id: string, checks: Array<{ status: ModelCheckStatus }> }
    & { ' $fragmentRefs'?: { 'ModelCardFragment': ModelCardFragment } }
  )> };

export type ModelCardFragment = (
  { name: string, slug: string, path: string, format: string, family: string, dtype: string, weightsSha256: string, tokenizerSha256?: string | null, chatTemplateSha256?: string | null, shape: { nLayers: number, nHeads: number, nKvHeads: number, dModel: number, dHead: number, dMlp: number, nCtx: number, dVocab: number } }
  & { ' $fragmentRefs'?: { 'ModelChecksFragment': ModelChecksFragment } }
) & { ' $fragmentName'?: 'ModelCardFragment' };

export type EstimateQueryVariables = Exact<{
  spec: Scalars['JSON']['input'];
}>;


export type EstimateQuery = { estimate: { seconds?: number | null, loadSeconds?: number | null, peakBytes: number, budgetBytes: number, shards: number, forwardTokens: number, backwardTokens: number, diskBytes: number, isUpperBound: boolean, fits: boolean, advice?: string | null } };

export type NewExperimentChoicesQueryVariables = Exact<{ [key: string]: never; }>;


export type NewExperimentChoicesQuery = { specSchema: unknown, models: Array<{ slug: string, name: string }>, dataSets: Array<{ slug: string, name: string, size?: number | null }> };

export type CreateExperimentMutationVariables = Exact<{
  spec: Scalars['JSON']['input'];
}>;


export type CreateExperimentMutation = { createExperiment: { id: string } };

export type PatchingOfPairQueryVariables = Exact<{
  id: Scalars['ID']['input'];
  activation: Scalars['String']['input'];
  pair: Scalars['Int']['input'];
}>;


export type PatchingOfPairQuery = { experiment?: { id: string, patchingGrids: Array<{ activation: string, values: Array<Array<number | null> | null> }> } | null };

export type PatchingStudyQueryVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type PatchingStudyQuery = { experiment?: { id: string, spec: unknown, metric: string, pairs: Array<{ firstDifference: number, metricClean?: number | null, metricCorrupted?: number | null, clean: Array<{ string: string }>, corrupted: Array<{ string: string }>, answer: { string: string }, distractor: { string: string } }>, patchingGrids: Array<{ activation: string, direction: string, pairCount: number, baselineClean: number, baselineCorrupted: number, values: Array<Array<number | null> | null>, normalised: Array<Array<number | null> | null>, rows: { kind: GridAxisKind, labels: Array<string> }, columns: { kind: GridAxisKind, labels: Array<string> } }> } | null };

export type SteeringStudyQueryVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type SteeringStudyQuery = { experiment?: { id: string, spec: unknown, metric: string, pairs: Array<{ index: number, firstDifference: number, clean: Array<{ id: number, string: string }>, corrupted: Array<{ id: number, string: string }> }>, steeringSweep?: (
      { coefficients: Array<number>, metric: Array<Array<number>>, refused?: Array<Array<boolean>> | null }
      & { ' $fragmentRefs'?: { 'SweepTableFragment': SweepTableFragment;'SweepCurvesFragment': SweepCurvesFragment } }
    ) | null, completions: Array<{ pair: number, coefficient?: number | null, tokens: Array<number>, text?: string | null, finish: FinishReason }> } | null };

export type SweepCurvesFragment = { coefficients: Array<number>, mean: Array<number>, baseline?: number | null, flips?: Array<number | null> | null, refusalShare?: Array<number> | null } & { ' $fragmentName'?: 'SweepCurvesFragment' };

export type SweepTableFragment = { coefficients: Array<number>, mean: Array<number>, baseline?: number | null, flips?: Array<number | null> | null, kl?: Array<number> | null, logOdds?: Array<number | null> | null, baselineLogOdds?: number | null, refusalShare?: Array<number> | null, refusalTokens: Array<{ string: string }> } & { ' $fragmentName'?: 'SweepTableFragment' };

export type StudyClaimFragment = { id: string, source: ClaimSource, text: string, outcome: ClaimOutcome, sentence: string } & { ' $fragmentName'?: 'StudyClaimFragment' };

export type NewStudyChoicesQueryVariables = Exact<{ [key: string]: never; }>;


export type NewStudyChoicesQuery = { studyKinds: Array<{ name: StudyName, title: string, question: string }>, models: Array<{ slug: string, name: string }>, dataSets: Array<{ slug: string, name: string, size?: number | null }> };

export type CreateStudyMutationVariables = Exact<{
  input: CreateStudyInput;
}>;


export type CreateStudyMutation = { createStudy: { id: string } };

export type RecentStudiesQueryVariables = Exact<{ [key: string]: never; }>;


export type RecentStudiesQuery = { studies: { totalCount: number, nodes: Array<(
      { id: string, title: string, status: ExperimentStatus, modelName: string, model?: { name: string } | null }
      & { ' $fragmentRefs'?: { 'StudyStatusFragment': StudyStatusFragment } }
    )> } };

export type StudyFigureFragment = { title: string, caption: string, svg: string, numbers: { ' $fragmentRefs'?: { 'StudyTableFragment': StudyTableFragment } } } & { ' $fragmentName'?: 'StudyFigureFragment' };

export type StudyReportSectionFragment = { title: string, paragraphs: Array<string>, figures: Array<{ ' $fragmentRefs'?: { 'StudyFigureFragment': StudyFigureFragment } }>, tables: Array<{ ' $fragmentRefs'?: { 'StudyTableFragment': StudyTableFragment } }> } & { ' $fragmentName'?: 'StudyReportSectionFragment' };

export type StudyTableFragment = { title: string, columns: Array<string>, rows: Array<Array<unknown | null> | null> } & { ' $fragmentName'?: 'StudyTableFragment' };

export type StudyFilterChoicesQueryVariables = Exact<{ [key: string]: never; }>;


export type StudyFilterChoicesQuery = { studyKinds: Array<{ name: StudyName, title: string }>, models: Array<{ slug: string, name: string }> };

export type StudyHeaderFragment = (
  { id: string, name: StudyName, title: string, question: string, status: ExperimentStatus, stopped?: string | null, modelName: string, dataSetName: string, seed: number, evenIfMixed: boolean, createdAt: string, startedAt?: string | null, finishedAt?: string | null, model?: { name: string } | null, dataSet?: { name: string } | null, error?: { code: string, message: string, path?: string | null } | null }
  & { ' $fragmentRefs'?: { 'StudyStatusFragment': StudyStatusFragment } }
) & { ' $fragmentName'?: 'StudyHeaderFragment' };

export type CancelStudyMutationVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type CancelStudyMutation = { cancelStudy: { id: string } };

export type StudyListQueryVariables = Exact<{
  first: Scalars['Int']['input'];
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<StudyFilter>;
}>;


export type StudyListQuery = { studies: { totalCount: number, nodes: Array<(
      { id: string, status: ExperimentStatus }
      & { ' $fragmentRefs'?: { 'StudyRowFragment': StudyRowFragment } }
    )>, pageInfo: { hasNextPage: boolean, endCursor?: string | null } } };

export type StudyPageQueryVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type StudyPageQuery = { study?: (
    { id: string, status: ExperimentStatus, report?: { ' $fragmentRefs'?: { 'StudyReportFragment': StudyReportFragment } } | null }
    & { ' $fragmentRefs'?: { 'StudyHeaderFragment': StudyHeaderFragment;'StudyStepsFragment': StudyStepsFragment } }
  ) | null };

export type StudyReportFragment = { dataSet: { warnings: Array<string> }, sections: Array<{ ' $fragmentRefs'?: { 'StudyReportSectionFragment': StudyReportSectionFragment } }>, claims: Array<{ ' $fragmentRefs'?: { 'StudyClaimFragment': StudyClaimFragment } }> } & { ' $fragmentName'?: 'StudyReportFragment' };

export type StudyRowFragment = (
  { id: string, title: string, stopped?: string | null, modelName: string, dataSetName: string, createdAt: string, startedAt?: string | null, finishedAt?: string | null, model?: { name: string } | null, dataSet?: { name: string } | null }
  & { ' $fragmentRefs'?: { 'StudyStatusFragment': StudyStatusFragment } }
) & { ' $fragmentName'?: 'StudyRowFragment' };

export type StudyStatusFragment = { status: ExperimentStatus, stopped?: string | null, progress?: { title: string, index: number, total: number } | null } & { ' $fragmentName'?: 'StudyStatusFragment' };

export type StudyStepsFragment = { steps: Array<{ name: string, title: string, experiment: (
      { id: string, kind: ExperimentKind, startedAt?: string | null, finishedAt?: string | null }
      & { ' $fragmentRefs'?: { 'ExperimentStatusFragment': ExperimentStatusFragment } }
    ) }> } & { ' $fragmentName'?: 'StudyStepsFragment' };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const BootstrapTableFragmentDoc = new TypedDocumentString(`
    fragment BootstrapTable on Bootstrap {
  resamples
  units
  pairsPerUnit
  stability
  top {
    name
    score
    low
    high
    frequency
  }
}
    `, {"fragmentName":"BootstrapTable"}) as unknown as TypedDocumentString<BootstrapTableFragment, unknown>;
export const AgreementFragmentDoc = new TypedDocumentString(`
    fragment Agreement on Agreement {
  pearson
  spearman
  signs
}
    `, {"fragmentName":"Agreement"}) as unknown as TypedDocumentString<AgreementFragment, unknown>;
export const ExactCheckFragmentDoc = new TypedDocumentString(`
    fragment ExactCheck on ExactCheck {
  all {
    ...Agreement
  }
  top {
    ...Agreement
  }
  random {
    ...Agreement
  }
  edges {
    name
    score
    exact
    isTop
  }
}
    fragment Agreement on Agreement {
  pearson
  spearman
  signs
}`, {"fragmentName":"ExactCheck"}) as unknown as TypedDocumentString<ExactCheckFragment, unknown>;
export const CircuitCardFragmentDoc = new TypedDocumentString(`
    fragment CircuitCard on Circuit {
  id
  edgeCount
  edges(first: 8) {
    nodes {
      name
      score
    }
  }
}
    `, {"fragmentName":"CircuitCard"}) as unknown as TypedDocumentString<CircuitCardFragment, unknown>;
export const GraphEdgeFragmentDoc = new TypedDocumentString(`
    fragment GraphEdge on Edge {
  name
  port
  score
  rank
  sender {
    name
    kind
    layer
    head
  }
  receiver {
    name
    kind
    layer
    head
  }
}
    `, {"fragmentName":"GraphEdge"}) as unknown as TypedDocumentString<GraphEdgeFragment, unknown>;
export const EdgeRowFragmentDoc = new TypedDocumentString(`
    fragment EdgeRow on Edge {
  name
  port
  score
  rank
  interval {
    low
    high
  }
  sender {
    name
  }
  receiver {
    name
  }
}
    `, {"fragmentName":"EdgeRow"}) as unknown as TypedDocumentString<EdgeRowFragment, unknown>;
export const PairTableFragmentDoc = new TypedDocumentString(`
    fragment PairTable on DataSetPairConnection {
  totalCount
  nodes {
    index
    clean
    corrupted
    cleanText
    corruptedText
    answer
    distractor
  }
}
    `, {"fragmentName":"PairTable"}) as unknown as TypedDocumentString<PairTableFragment, unknown>;
export const DataSetCardFragmentDoc = new TypedDocumentString(`
    fragment DataSetCard on DataSet {
  slug
  name
  description
  builtIn
  size
  pairs(first: 100) {
    ...PairTable
  }
}
    fragment PairTable on DataSetPairConnection {
  totalCount
  nodes {
    index
    clean
    corrupted
    cleanText
    corruptedText
    answer
    distractor
  }
}`, {"fragmentName":"DataSetCard"}) as unknown as TypedDocumentString<DataSetCardFragment, unknown>;
export const EffectRowFragmentDoc = new TypedDocumentString(`
    fragment EffectRow on EdgeEffect {
  name
  port
  effect
  rank
  sender {
    name
  }
  receiver {
    name
  }
}
    `, {"fragmentName":"EffectRow"}) as unknown as TypedDocumentString<EffectRowFragment, unknown>;
export const ExperimentDetailsFragmentDoc = new TypedDocumentString(`
    fragment ExperimentDetails on Experiment {
  id
  spec
  specHash
  record
  arrays {
    name
    shape
  }
}
    `, {"fragmentName":"ExperimentDetails"}) as unknown as TypedDocumentString<ExperimentDetailsFragment, unknown>;
export const ProgressStepFragmentDoc = new TypedDocumentString(`
    fragment ProgressStep on ExperimentProgress {
  experimentId
  status
  stage
  fraction
}
    `, {"fragmentName":"ProgressStep"}) as unknown as TypedDocumentString<ProgressStepFragment, unknown>;
export const ExperimentStatusFragmentDoc = new TypedDocumentString(`
    fragment ExperimentStatus on Experiment {
  id
  progress {
    ...ProgressStep
  }
}
    fragment ProgressStep on ExperimentProgress {
  experimentId
  status
  stage
  fraction
}`, {"fragmentName":"ExperimentStatus"}) as unknown as TypedDocumentString<ExperimentStatusFragment, unknown>;
export const ExperimentHeaderFragmentDoc = new TypedDocumentString(`
    fragment ExperimentHeader on Experiment {
  id
  kind
  status
  modelName
  createdAt
  startedAt
  finishedAt
  model {
    name
  }
  dataSet {
    name
  }
  error {
    code
    message
    path
  }
  ...ExperimentStatus
}
    fragment ExperimentStatus on Experiment {
  id
  progress {
    ...ProgressStep
  }
}
fragment ProgressStep on ExperimentProgress {
  experimentId
  status
  stage
  fraction
}`, {"fragmentName":"ExperimentHeader"}) as unknown as TypedDocumentString<ExperimentHeaderFragment, unknown>;
export const ExperimentPairsFragmentDoc = new TypedDocumentString(`
    fragment ExperimentPairs on Experiment {
  metric
  pairs {
    index
    firstDifference
    metricClean
    metricCorrupted
    clean {
      id
      string
    }
    corrupted {
      id
      string
    }
    answer {
      id
      string
    }
    distractor {
      id
      string
    }
  }
}
    `, {"fragmentName":"ExperimentPairs"}) as unknown as TypedDocumentString<ExperimentPairsFragment, unknown>;
export const ExperimentRowFragmentDoc = new TypedDocumentString(`
    fragment ExperimentRow on Experiment {
  id
  kind
  modelName
  createdAt
  startedAt
  finishedAt
  model {
    name
  }
  dataSet {
    name
  }
  ...ExperimentStatus
}
    fragment ExperimentStatus on Experiment {
  id
  progress {
    ...ProgressStep
  }
}
fragment ProgressStep on ExperimentProgress {
  experimentId
  status
  stage
  fraction
}`, {"fragmentName":"ExperimentRow"}) as unknown as TypedDocumentString<ExperimentRowFragment, unknown>;
export const HeadSteeringStepFragmentDoc = new TypedDocumentString(`
    fragment HeadSteeringStep on HeadSteeringStep {
  coefficient
  metric
  flips
  kl
}
    `, {"fragmentName":"HeadSteeringStep"}) as unknown as TypedDocumentString<HeadSteeringStepFragment, unknown>;
export const HeadValidationFragmentDoc = new TypedDocumentString(`
    fragment HeadValidation on HeadValidation {
  none
  patch {
    score
    random
    singles
  }
  ablate {
    mean {
      score
      random
      metric
    }
    zero {
      score
      random
      metric
    }
  }
  steer {
    layer
    induce {
      ...HeadSteeringStep
    }
    inhibit {
      ...HeadSteeringStep
    }
  }
}
    fragment HeadSteeringStep on HeadSteeringStep {
  coefficient
  metric
  flips
  kl
}`, {"fragmentName":"HeadValidation"}) as unknown as TypedDocumentString<HeadValidationFragment, unknown>;
export const ModelCheckFragmentDoc = new TypedDocumentString(`
    fragment ModelCheck on ModelCheck {
  status
  fraction
  passed
  backend
  backendVersion
  version
  isCurrent
  createdAt
  finishedAt
  error {
    code
    message
  }
  results {
    name
    says
    status
    tolerance
    measured
    detail
  }
}
    `, {"fragmentName":"ModelCheck"}) as unknown as TypedDocumentString<ModelCheckFragment, unknown>;
export const ModelChecksFragmentDoc = new TypedDocumentString(`
    fragment ModelChecks on Model {
  id
  checks {
    id
    ...ModelCheck
  }
}
    fragment ModelCheck on ModelCheck {
  status
  fraction
  passed
  backend
  backendVersion
  version
  isCurrent
  createdAt
  finishedAt
  error {
    code
    message
  }
  results {
    name
    says
    status
    tolerance
    measured
    detail
  }
}`, {"fragmentName":"ModelChecks"}) as unknown as TypedDocumentString<ModelChecksFragment, unknown>;
export const ModelCardFragmentDoc = new TypedDocumentString(`
    fragment ModelCard on Model {
  ...ModelChecks
  name
  slug
  path
  format
  family
  dtype
  weightsSha256
  tokenizerSha256
  chatTemplateSha256
  shape {
    nLayers
    nHeads
    nKvHeads
    dModel
    dHead
    dMlp
    nCtx
    dVocab
  }
}
    fragment ModelChecks on Model {
  id
  checks {
    id
    ...ModelCheck
  }
}
fragment ModelCheck on ModelCheck {
  status
  fraction
  passed
  backend
  backendVersion
  version
  isCurrent
  createdAt
  finishedAt
  error {
    code
    message
  }
  results {
    name
    says
    status
    tolerance
    measured
    detail
  }
}`, {"fragmentName":"ModelCard"}) as unknown as TypedDocumentString<ModelCardFragment, unknown>;
export const SweepCurvesFragmentDoc = new TypedDocumentString(`
    fragment SweepCurves on SteeringSweep {
  coefficients
  mean
  baseline
  flips
  refusalShare
}
    `, {"fragmentName":"SweepCurves"}) as unknown as TypedDocumentString<SweepCurvesFragment, unknown>;
export const SweepTableFragmentDoc = new TypedDocumentString(`
    fragment SweepTable on SteeringSweep {
  coefficients
  mean
  baseline
  flips
  kl
  logOdds
  baselineLogOdds
  refusalShare
  refusalTokens {
    string
  }
}
    `, {"fragmentName":"SweepTable"}) as unknown as TypedDocumentString<SweepTableFragment, unknown>;
export const StudyStatusFragmentDoc = new TypedDocumentString(`
    fragment StudyStatus on Study {
  status
  stopped
  progress {
    title
    index
    total
  }
}
    `, {"fragmentName":"StudyStatus"}) as unknown as TypedDocumentString<StudyStatusFragment, unknown>;
export const StudyHeaderFragmentDoc = new TypedDocumentString(`
    fragment StudyHeader on Study {
  id
  name
  title
  question
  status
  stopped
  modelName
  dataSetName
  seed
  evenIfMixed
  createdAt
  startedAt
  finishedAt
  model {
    name
  }
  dataSet {
    name
  }
  error {
    code
    message
    path
  }
  ...StudyStatus
}
    fragment StudyStatus on Study {
  status
  stopped
  progress {
    title
    index
    total
  }
}`, {"fragmentName":"StudyHeader"}) as unknown as TypedDocumentString<StudyHeaderFragment, unknown>;
export const StudyTableFragmentDoc = new TypedDocumentString(`
    fragment StudyTable on ReportTable {
  title
  columns
  rows
}
    `, {"fragmentName":"StudyTable"}) as unknown as TypedDocumentString<StudyTableFragment, unknown>;
export const StudyFigureFragmentDoc = new TypedDocumentString(`
    fragment StudyFigure on ReportFigure {
  title
  caption
  svg
  numbers {
    ...StudyTable
  }
}
    fragment StudyTable on ReportTable {
  title
  columns
  rows
}`, {"fragmentName":"StudyFigure"}) as unknown as TypedDocumentString<StudyFigureFragment, unknown>;
export const StudyReportSectionFragmentDoc = new TypedDocumentString(`
    fragment StudyReportSection on ReportSection {
  title
  paragraphs
  figures {
    ...StudyFigure
  }
  tables {
    ...StudyTable
  }
}
    fragment StudyFigure on ReportFigure {
  title
  caption
  svg
  numbers {
    ...StudyTable
  }
}
fragment StudyTable on ReportTable {
  title
  columns
  rows
}`, {"fragmentName":"StudyReportSection"}) as unknown as TypedDocumentString<StudyReportSectionFragment, unknown>;
export const StudyClaimFragmentDoc = new TypedDocumentString(`
    fragment StudyClaim on CheckedClaim {
  id
  source
  text
  outcome
  sentence
}
    `, {"fragmentName":"StudyClaim"}) as unknown as TypedDocumentString<StudyClaimFragment, unknown>;
export const StudyReportFragmentDoc = new TypedDocumentString(`
    fragment StudyReport on StudyReport {
  dataSet {
    warnings
  }
  sections {
    ...StudyReportSection
  }
  claims {
    ...StudyClaim
  }
}
    fragment StudyClaim on CheckedClaim {
  id
  source
  text
  outcome
  sentence
}
fragment StudyFigure on ReportFigure {
  title
  caption
  svg
  numbers {
    ...StudyTable
  }
}
fragment StudyReportSection on ReportSection {
  title
  paragraphs
  figures {
    ...StudyFigure
  }
  tables {
    ...StudyTable
  }
}
fragment StudyTable on ReportTable {
  title
  columns
  rows
}`, {"fragmentName":"StudyReport"}) as unknown as TypedDocumentString<StudyReportFragment, unknown>;
export const StudyRowFragmentDoc = new TypedDocumentString(`
    fragment StudyRow on Study {
  id
  title
  stopped
  modelName
  dataSetName
  createdAt
  startedAt
  finishedAt
  model {
    name
  }
  dataSet {
    name
  }
  ...StudyStatus
}
    fragment StudyStatus on Study {
  status
  stopped
  progress {
    title
    index
    total
  }
}`, {"fragmentName":"StudyRow"}) as unknown as TypedDocumentString<StudyRowFragment, unknown>;
export const StudyStepsFragmentDoc = new TypedDocumentString(`
    fragment StudySteps on Study {
  steps {
    name
    title
    experiment {
      id
      kind
      startedAt
      finishedAt
      ...ExperimentStatus
    }
  }
}
    fragment ExperimentStatus on Experiment {
  id
  progress {
    ...ProgressStep
  }
}
fragment ProgressStep on ExperimentProgress {
  experimentId
  status
  stage
  fraction
}`, {"fragmentName":"StudySteps"}) as unknown as TypedDocumentString<StudyStepsFragment, unknown>;
export const AttributionStudyDocument = new TypedDocumentString(`
    query AttributionStudy($id: ID!) {
  experiment(id: $id) {
    id
    spec
    circuit {
      ...CircuitCard
    }
    exactCheck {
      ...ExactCheck
    }
    bootstrap {
      ...BootstrapTable
    }
  }
}
    fragment BootstrapTable on Bootstrap {
  resamples
  units
  pairsPerUnit
  stability
  top {
    name
    score
    low
    high
    frequency
  }
}
fragment ExactCheck on ExactCheck {
  all {
    ...Agreement
  }
  top {
    ...Agreement
  }
  random {
    ...Agreement
  }
  edges {
    name
    score
    exact
    isTop
  }
}
fragment Agreement on Agreement {
  pearson
  spearman
  signs
}
fragment CircuitCard on Circuit {
  id
  edgeCount
  edges(first: 8) {
    nodes {
      name
      score
    }
  }
}`) as unknown as TypedDocumentString<AttributionStudyQuery, AttributionStudyQueryVariables>;
export const CircuitGraphDocument = new TypedDocumentString(`
    query CircuitGraph($id: ID!, $first: Int!, $filter: EdgeFilter) {
  circuit(id: $id) {
    id
    edges(first: $first, filter: $filter) {
      totalCount
      nodes {
        ...GraphEdge
      }
    }
  }
}
    fragment GraphEdge on Edge {
  name
  port
  score
  rank
  sender {
    name
    kind
    layer
    head
  }
  receiver {
    name
    kind
    layer
    head
  }
}`) as unknown as TypedDocumentString<CircuitGraphQuery, CircuitGraphQueryVariables>;
export const CircuitPageDocument = new TypedDocumentString(`
    query CircuitPage($id: ID!) {
  circuit(id: $id) {
    id
    name
    edgeCount
    inCircuitCount
    experiment {
      id
      modelName
      discoveredCircuit {
        faithfulness
      }
      model {
        name
        shape {
          nLayers
          nHeads
          nKvHeads
        }
      }
      dataSet {
        name
      }
    }
  }
}
    `) as unknown as TypedDocumentString<CircuitPageQuery, CircuitPageQueryVariables>;
export const EdgePageDocument = new TypedDocumentString(`
    query EdgePage($id: ID!, $first: Int!, $after: String, $filter: EdgeFilter, $orderBy: EdgeOrder!) {
  circuit(id: $id) {
    id
    edges(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
      totalCount
      nodes {
        ...EdgeRow
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
}
    fragment EdgeRow on Edge {
  name
  port
  score
  rank
  interval {
    low
    high
  }
  sender {
    name
  }
  receiver {
    name
  }
}`) as unknown as TypedDocumentString<EdgePageQuery, EdgePageQueryVariables>;
export const NeighbourhoodDocument = new TypedDocumentString(`
    query Neighbourhood($id: ID!, $node: String!, $top: Int!) {
  circuit(id: $id) {
    id
    neighbourhood(node: $node, top: $top) {
      ...EdgeRow
    }
  }
}
    fragment EdgeRow on Edge {
  name
  port
  score
  rank
  interval {
    low
    high
  }
  sender {
    name
  }
  receiver {
    name
  }
}`) as unknown as TypedDocumentString<NeighbourhoodQuery, NeighbourhoodQueryVariables>;
export const CircuitChoicesDocument = new TypedDocumentString(`
    query CircuitChoices {
  experiments(
    first: 100
    filter: {kinds: [ATTRIBUTION, CIRCUIT_DISCOVERY], statuses: [SUCCEEDED]}
  ) {
    nodes {
      id
      kind
      createdAt
      modelName
      model {
        name
      }
      dataSet {
        name
      }
      circuit {
        id
      }
    }
  }
}
    `) as unknown as TypedDocumentString<CircuitChoicesQuery, CircuitChoicesQueryVariables>;
export const ComparisonDocument = new TypedDocumentString(`
    query Comparison($a: ID!, $b: ID!, $top: Int!) {
  compareCircuits(a: $a, b: $b, top: $top) {
    jaccard
    rankCorrelation
    commonEdgeCount
    shared {
      name
      a {
        score
      }
      b {
        score
      }
    }
    onlyInA {
      name
      score
    }
    onlyInB {
      name
      score
    }
  }
}
    `) as unknown as TypedDocumentString<ComparisonQuery, ComparisonQueryVariables>;
export const BuiltInPairsModelsDocument = new TypedDocumentString(`
    query BuiltInPairsModels {
  models {
    slug
    name
  }
}
    `) as unknown as TypedDocumentString<BuiltInPairsModelsQuery, BuiltInPairsModelsQueryVariables>;
export const BuiltInPairsDocument = new TypedDocumentString(`
    query BuiltInPairs($slug: String!, $model: String!) {
  dataSet(slug: $slug) {
    pairs(first: 100, model: $model) {
      ...PairTable
    }
  }
}
    fragment PairTable on DataSetPairConnection {
  totalCount
  nodes {
    index
    clean
    corrupted
    cleanText
    corruptedText
    answer
    distractor
  }
}`) as unknown as TypedDocumentString<BuiltInPairsQuery, BuiltInPairsQueryVariables>;
export const DataSetListDocument = new TypedDocumentString(`
    query DataSetList {
  dataSets {
    id
    builtIn
    ...DataSetCard
  }
}
    fragment DataSetCard on DataSet {
  slug
  name
  description
  builtIn
  size
  pairs(first: 100) {
    ...PairTable
  }
}
fragment PairTable on DataSetPairConnection {
  totalCount
  nodes {
    index
    clean
    corrupted
    cleanText
    corruptedText
    answer
    distractor
  }
}`) as unknown as TypedDocumentString<DataSetListQuery, DataSetListQueryVariables>;
export const DirectionStudyDocument = new TypedDocumentString(`
    query DirectionStudy($id: ID!) {
  experiment(id: $id) {
    id
    metric
    directionCandidates {
      layers
      positions
      norms
      ablation
      addition
      kl
      baselineClean
      baselineCorrupted
      unselected
      selected {
        layer
        position
        ablation
        addition
        kl
      }
    }
  }
}
    `) as unknown as TypedDocumentString<DirectionStudyQuery, DirectionStudyQueryVariables>;
export const NameDirectionDocument = new TypedDocumentString(`
    mutation NameDirection($input: NameDirectionInput!) {
  nameDirection(input: $input) {
    slug
  }
}
    `) as unknown as TypedDocumentString<NameDirectionMutation, NameDirectionMutationVariables>;
export const DiscoveryStudyDocument = new TypedDocumentString(`
    query DiscoveryStudy($id: ID!) {
  experiment(id: $id) {
    id
    spec
    metric
    model {
      shape {
        nHeads
        nKvHeads
      }
    }
    circuit {
      id
    }
    discoveredCircuit {
      method
      ablation
      edgeCount
      nodeCount
      graphEdgeCount
      faithfulness
      metric
      baselineClean
      baselineAblated
      tested
      passes
    }
  }
}
    `) as unknown as TypedDocumentString<DiscoveryStudyQuery, DiscoveryStudyQueryVariables>;
export const EdgeEffectsDocument = new TypedDocumentString(`
    query EdgeEffects($id: ID!, $first: Int!, $after: String, $orderBy: EdgeEffectOrder!) {
  experiment(id: $id) {
    id
    metric
    edgeEffects(first: $first, after: $after, orderBy: $orderBy) {
      totalCount
      nodes {
        ...EffectRow
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
}
    fragment EffectRow on EdgeEffect {
  name
  port
  effect
  rank
  sender {
    name
  }
  receiver {
    name
  }
}`) as unknown as TypedDocumentString<EdgeEffectsQuery, EdgeEffectsQueryVariables>;
export const FaithfulnessStudyDocument = new TypedDocumentString(`
    query FaithfulnessStudy($id: ID!) {
  experiment(id: $id) {
    id
    metric
    faithfulnessCurve {
      edgeCount
      ablation
      cpr
      cmd
      baselineClean
      baselineAblated
      points {
        edges
        share
        metric
        faithfulness
        completeness
      }
    }
  }
}
    `) as unknown as TypedDocumentString<FaithfulnessStudyQuery, FaithfulnessStudyQueryVariables>;
export const ExperimentFilterChoicesDocument = new TypedDocumentString(`
    query ExperimentFilterChoices {
  models {
    slug
    name
  }
}
    `) as unknown as TypedDocumentString<ExperimentFilterChoicesQuery, ExperimentFilterChoicesQueryVariables>;
export const CancelExperimentDocument = new TypedDocumentString(`
    mutation CancelExperiment($id: ID!) {
  cancelExperiment(id: $id) {
    id
  }
}
    `) as unknown as TypedDocumentString<CancelExperimentMutation, CancelExperimentMutationVariables>;
export const RerunExperimentDocument = new TypedDocumentString(`
    mutation RerunExperiment($id: ID!) {
  rerunExperiment(id: $id) {
    id
  }
}
    `) as unknown as TypedDocumentString<RerunExperimentMutation, RerunExperimentMutationVariables>;
export const ExperimentListDocument = new TypedDocumentString(`
    query ExperimentList($first: Int!, $after: String, $filter: ExperimentFilter) {
  experiments(first: $first, after: $after, filter: $filter) {
    totalCount
    nodes {
      id
      status
      ...ExperimentRow
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment ExperimentRow on Experiment {
  id
  kind
  modelName
  createdAt
  startedAt
  finishedAt
  model {
    name
  }
  dataSet {
    name
  }
  ...ExperimentStatus
}
fragment ExperimentStatus on Experiment {
  id
  progress {
    ...ProgressStep
  }
}
fragment ProgressStep on ExperimentProgress {
  experimentId
  status
  stage
  fraction
}`) as unknown as TypedDocumentString<ExperimentListQuery, ExperimentListQueryVariables>;
export const ExperimentPageDocument = new TypedDocumentString(`
    query ExperimentPage($id: ID!) {
  experiment(id: $id) {
    id
    kind
    status
    ...ExperimentHeader
    ...ExperimentDetails
    ...ExperimentPairs
  }
}
    fragment ExperimentDetails on Experiment {
  id
  spec
  specHash
  record
  arrays {
    name
    shape
  }
}
fragment ExperimentHeader on Experiment {
  id
  kind
  status
  modelName
  createdAt
  startedAt
  finishedAt
  model {
    name
  }
  dataSet {
    name
  }
  error {
    code
    message
    path
  }
  ...ExperimentStatus
}
fragment ExperimentPairs on Experiment {
  metric
  pairs {
    index
    firstDifference
    metricClean
    metricCorrupted
    clean {
      id
      string
    }
    corrupted {
      id
      string
    }
    answer {
      id
      string
    }
    distractor {
      id
      string
    }
  }
}
fragment ExperimentStatus on Experiment {
  id
  progress {
    ...ProgressStep
  }
}
fragment ProgressStep on ExperimentProgress {
  experimentId
  status
  stage
  fraction
}`) as unknown as TypedDocumentString<ExperimentPageQuery, ExperimentPageQueryVariables>;
export const ExperimentProgressDocument = new TypedDocumentString(`
    subscription ExperimentProgress($id: ID!) {
  experimentProgress(id: $id) {
    ...ProgressStep
  }
}
    fragment ProgressStep on ExperimentProgress {
  experimentId
  status
  stage
  fraction
}`) as unknown as TypedDocumentString<ExperimentProgressSubscription, ExperimentProgressSubscriptionVariables>;
export const HeadScanStudyDocument = new TypedDocumentString(`
    query HeadScanStudy($id: ID!) {
  experiment(id: $id) {
    id
    metric
    headScan {
      direction
      position
      baselineClean
      baselineCorrupted
      pairCount
      scores
      heads {
        name
        layer
        head
        score
      }
      validation {
        ...HeadValidation
      }
    }
  }
}
    fragment HeadValidation on HeadValidation {
  none
  patch {
    score
    random
    singles
  }
  ablate {
    mean {
      score
      random
      metric
    }
    zero {
      score
      random
      metric
    }
  }
  steer {
    layer
    induce {
      ...HeadSteeringStep
    }
    inhibit {
      ...HeadSteeringStep
    }
  }
}
fragment HeadSteeringStep on HeadSteeringStep {
  coefficient
  metric
  flips
  kl
}`) as unknown as TypedDocumentString<HeadScanStudyQuery, HeadScanStudyQueryVariables>;
export const CheckModelDocument = new TypedDocumentString(`
    mutation CheckModel($id: ID!) {
  checkModel(id: $id) {
    id
  }
}
    `) as unknown as TypedDocumentString<CheckModelMutation, CheckModelMutationVariables>;
export const ModelListDocument = new TypedDocumentString(`
    query ModelList {
  models {
    id
    checks {
      status
    }
    ...ModelCard
  }
}
    fragment ModelChecks on Model {
  id
  checks {
    id
    ...ModelCheck
  }
}
fragment ModelCheck on ModelCheck {
  status
  fraction
  passed
  backend
  backendVersion
  version
  isCurrent
  createdAt
  finishedAt
  error {
    code
    message
  }
  results {
    name
    says
    status
    tolerance
    measured
    detail
  }
}
fragment ModelCard on Model {
  ...ModelChecks
  name
  slug
  path
  format
  family
  dtype
  weightsSha256
  tokenizerSha256
  chatTemplateSha256
  shape {
    nLayers
    nHeads
    nKvHeads
    dModel
    dHead
    dMlp
    nCtx
    dVocab
  }
}`) as unknown as TypedDocumentString<ModelListQuery, ModelListQueryVariables>;
export const EstimateDocument = new TypedDocumentString(`
    query Estimate($spec: JSON!) {
  estimate(spec: $spec) {
    seconds
    loadSeconds
    peakBytes
    budgetBytes
    shards
    forwardTokens
    backwardTokens
    diskBytes
    isUpperBound
    fits
    advice
  }
}
    `) as unknown as TypedDocumentString<EstimateQuery, EstimateQueryVariables>;
export const NewExperimentChoicesDocument = new TypedDocumentString(`
    query NewExperimentChoices {
  specSchema
  models {
    slug
    name
  }
  dataSets {
    slug
    name
    size
  }
}
    `) as unknown as TypedDocumentString<NewExperimentChoicesQuery, NewExperimentChoicesQueryVariables>;
export const CreateExperimentDocument = new TypedDocumentString(`
    mutation CreateExperiment($spec: JSON!) {
  createExperiment(spec: $spec) {
    id
  }
}
    `) as unknown as TypedDocumentString<CreateExperimentMutation, CreateExperimentMutationVariables>;
export const PatchingOfPairDocument = new TypedDocumentString(`
    query PatchingOfPair($id: ID!, $activation: String!, $pair: Int!) {
  experiment(id: $id) {
    id
    patchingGrids(activations: [$activation]) {
      activation
      values(pair: $pair)
    }
  }
}
    `) as unknown as TypedDocumentString<PatchingOfPairQuery, PatchingOfPairQueryVariables>;
export const PatchingStudyDocument = new TypedDocumentString(`
    query PatchingStudy($id: ID!) {
  experiment(id: $id) {
    id
    spec
    metric
    pairs {
      firstDifference
      metricClean
      metricCorrupted
      clean {
        string
      }
      corrupted {
        string
      }
      answer {
        string
      }
      distractor {
        string
      }
    }
    patchingGrids {
      activation
      direction
      pairCount
      baselineClean
      baselineCorrupted
      rows {
        kind
        labels
      }
      columns {
        kind
        labels
      }
      values
      normalised
    }
  }
}
    `) as unknown as TypedDocumentString<PatchingStudyQuery, PatchingStudyQueryVariables>;
export const SteeringStudyDocument = new TypedDocumentString(`
    query SteeringStudy($id: ID!) {
  experiment(id: $id) {
    id
    spec
    metric
    pairs {
      index
      firstDifference
      clean {
        id
        string
      }
      corrupted {
        id
        string
      }
    }
    steeringSweep {
      coefficients
      metric
      refused
      ...SweepTable
      ...SweepCurves
    }
    completions {
      pair
      coefficient
      tokens
      text
      finish
    }
  }
}
    fragment SweepCurves on SteeringSweep {
  coefficients
  mean
  baseline
  flips
  refusalShare
}
fragment SweepTable on SteeringSweep {
  coefficients
  mean
  baseline
  flips
  kl
  logOdds
  baselineLogOdds
  refusalShare
  refusalTokens {
    string
  }
}`) as unknown as TypedDocumentString<SteeringStudyQuery, SteeringStudyQueryVariables>;
export const NewStudyChoicesDocument = new TypedDocumentString(`
    query NewStudyChoices {
  studyKinds {
    name
    title
    question
  }
  models {
    slug
    name
  }
  dataSets {
    slug
    name
    size
  }
}
    `) as unknown as TypedDocumentString<NewStudyChoicesQuery, NewStudyChoicesQueryVariables>;
export const CreateStudyDocument = new TypedDocumentString(`
    mutation CreateStudy($input: CreateStudyInput!) {
  createStudy(input: $input) {
    id
  }
}
    `) as unknown as TypedDocumentString<CreateStudyMutation, CreateStudyMutationVariables>;
export const RecentStudiesDocument = new TypedDocumentString(`
    query RecentStudies {
  studies(first: 4) {
    totalCount
    nodes {
      id
      title
      status
      modelName
      model {
        name
      }
      ...StudyStatus
    }
  }
}
    fragment StudyStatus on Study {
  status
  stopped
  progress {
    title
    index
    total
  }
}`) as unknown as TypedDocumentString<RecentStudiesQuery, RecentStudiesQueryVariables>;
export const StudyFilterChoicesDocument = new TypedDocumentString(`
    query StudyFilterChoices {
  studyKinds {
    name
    title
  }
  models {
    slug
    name
  }
}
    `) as unknown as TypedDocumentString<StudyFilterChoicesQuery, StudyFilterChoicesQueryVariables>;
export const CancelStudyDocument = new TypedDocumentString(`
    mutation CancelStudy($id: ID!) {
  cancelStudy(id: $id) {
    id
  }
}
    `) as unknown as TypedDocumentString<CancelStudyMutation, CancelStudyMutationVariables>;
export const StudyListDocument = new TypedDocumentString(`
    query StudyList($first: Int!, $after: String, $filter: StudyFilter) {
  studies(first: $first, after: $after, filter: $filter) {
    totalCount
    nodes {
      id
      status
      ...StudyRow
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment StudyRow on Study {
  id
  title
  stopped
  modelName
  dataSetName
  createdAt
  startedAt
  finishedAt
  model {
    name
  }
  dataSet {
    name
  }
  ...StudyStatus
}
fragment StudyStatus on Study {
  status
  stopped
  progress {
    title
    index
    total
  }
}`) as unknown as TypedDocumentString<StudyListQuery, StudyListQueryVariables>;
export const StudyPageDocument = new TypedDocumentString(`
    query StudyPage($id: ID!) {
  study(id: $id) {
    id
    status
    ...StudyHeader
    ...StudySteps
    report {
      ...StudyReport
    }
  }
}
    fragment ExperimentStatus on Experiment {
  id
  progress {
    ...ProgressStep
  }
}
fragment ProgressStep on ExperimentProgress {
  experimentId
  status
  stage
  fraction
}
fragment StudyClaim on CheckedClaim {
  id
  source
  text
  outcome
  sentence
}
fragment StudyFigure on ReportFigure {
  title
  caption
  svg
  numbers {
    ...StudyTable
  }
}
fragment StudyReportSection on ReportSection {
  title
  paragraphs
  figures {
    ...StudyFigure
  }
  tables {
    ...StudyTable
  }
}
fragment StudyTable on ReportTable {
  title
  columns
  rows
}
fragment StudyHeader on Study {
  id
  name
  title
  question
  status
  stopped
  modelName
  dataSetName
  seed
  evenIfMixed
  createdAt
  startedAt
  finishedAt
  model {
    name
  }
  dataSet {
    name
  }
  error {
    code
    message
    path
  }
  ...StudyStatus
}
fragment StudyReport on StudyReport {
  dataSet {
    warnings
  }
  sections {
    ...StudyReportSection
  }
  claims {
    ...StudyClaim
  }
}
fragment StudyStatus on Study {
  status
  stopped
  progress {
    title
    index
    total
  }
}
fragment StudySteps on Study {
  steps {
    name
    title
    experiment {
      id
      kind
      startedAt
      finishedAt
      ...ExperimentStatus
    }
  }
}`) as unknown as TypedDocumentString<StudyPageQuery, StudyPageQueryVariables>;