import { GraphQLDateTime, GraphQLJSON } from 'graphql-scalars';
import { Field, Float, Int, ObjectType, registerEnumType } from 'type-graphql';

/** The model that a study was made on. */
@ObjectType({ description: 'The model that a study was made on.' })
export class StudyModel {
  @Field(() => String, { description: 'As it was asked for.' })
  name: string;

  @Field(() => String, { description: 'Its family, such as `llama`.' })
  family: string;

  @Field(() => Int, { description: 'Blocks.' })
  nLayers: number;

  @Field(() => Int, { description: 'Query heads of a block.' })
  nHeads: number;

  @Field(() => Int, { description: 'Width of the residual stream.' })
  dModel: number;

  @Field(() => String, { description: 'SHA-256 of the weights.' })
  weightsSha256: string;
}

/** The pairs that a study was made on. */
@ObjectType({ description: 'The pairs that a study was made on.' })
export class StudyDataSet {
  @Field(() => String, { description: 'The name of the data set.' })
  name: string;

  @Field(() => Int, { description: 'Pairs that were used.' })
  pairs: number;

  @Field(() => [String], { description: 'What was left out, and why.' })
  warnings: string[];
}

/** The metric of one group of prompts. */
@ObjectType({ description: 'The metric of one group of prompts.' })
export class GroupSummary {
  @Field(() => Float, { description: 'Mean over the prompts.' })
  mean: number;

  @Field(() => Float, { description: 'Standard deviation over the prompts.' })
  deviation: number;

  @Field(() => Float, { description: 'The least value.' })
  least: number;

  @Field(() => Float, { description: 'The greatest value.' })
  most: number;

  @Field(() => Float, { description: 'Share of the prompts after which the refusing token is the likelier one.' })
  refused: number;
}

/** Whether the model refuses what it should and nothing else. */
@ObjectType({
  description: 'Whether the model refuses what it should and nothing else, by the metric after both prompts.',
})
export class RefusalContrast {
  @Field(() => GroupSummary, { description: 'Of the prompts to refuse.' })
  clean: GroupSummary;

  @Field(() => GroupSummary, { description: 'Of the others.' })
  corrupted: GroupSummary;

  @Field(() => Float, {
    description: 'Share of comparisons in which a prompt to refuse has the higher metric: 1 apart, 0.5 mixed.',
  })
  separation: number;
}

/** A table of a report. */
@ObjectType({ description: 'A table of a report.' })
export class ReportTable {
  @Field(() => String, { description: 'What it shows.' })
  title: string;

  @Field(() => [String], { description: 'Names of the columns.' })
  columns: string[];

  @Field(() => [[GraphQLJSON]], { nullable: 'items', description: 'Rows of cells: each a text, a number or null.' })
  rows: (string | number | null)[][];
}

/** A figure of a report. */
@ObjectType({ description: 'A figure of a report.' })
export class ReportFigure {
  @Field(() => String, { description: 'What it shows.' })
  title: string;

  @Field(() => String, { description: 'What is to be seen, with numbers.' })
  caption: string;

  @Field(() => String, { description: 'The drawing: one SVG element, whose colours follow the page.' })
  svg: string;

  @Field(() => ReportTable, { description: 'Its numbers.' })
  numbers: ReportTable;
}

/** A section of a report. */
@ObjectType({ description: 'A section of a report.' })
export class ReportSection {
  @Field(() => String, { description: 'Its title.' })
  title: string;

  @Field(() => [String], { description: 'Sentences with the measured numbers in them, as plain text.' })
  paragraphs: string[];

  @Field(() => [ReportFigure], { description: 'Its figures.' })
  figures: ReportFigure[];

  @Field(() => [ReportTable], { description: 'Its tables.' })
  tables: ReportTable[];
}

/** Where a claim comes from. */
export const ClaimSource = { NOTEBOOKS: 'notebooks', REPLICATION: 'replication' } as const;
export type ClaimSource = (typeof ClaimSource)[keyof typeof ClaimSource];
registerEnumType(ClaimSource, {
  name: 'ClaimSource',
  description: 'Where a claim comes from.',
  valuesConfig: {
    NOTEBOOKS: { description: 'The experiments on Llama-2-7b-chat.' },
    REPLICATION: { description: 'The replication on Gemma-2.' },
  },
});

/** How a claim stands to what was measured. */
export const ClaimOutcome = { AGREES: 'agrees', DISAGREES: 'disagrees', NOT_TESTED: 'not tested' } as const;
export type ClaimOutcome = (typeof ClaimOutcome)[keyof typeof ClaimOutcome];
registerEnumType(ClaimOutcome, {
  name: 'ClaimOutcome',
  description: 'How a claim stands to what was measured.',
  valuesConfig: {
    AGREES: { description: 'This model shows the same.' },
    DISAGREES: { description: 'This model shows something else.' },
    NOT_TESTED: { description: 'The study could not tell.' },
  },
});

/** What others found on their models, beside what was measured here. */
@ObjectType({ description: 'What others found on their models, beside what was measured here.' })
export class CheckedClaim {
  @Field(() => String, { description: 'Such as `S1.object-induces-refusal`.' })
  id: string;

  @Field(() => ClaimSource, { description: 'Who found it.' })
  source: ClaimSource;

  @Field(() => String, { description: 'What was found there, on which model.' })
  text: string;

  @Field(() => ClaimOutcome, { description: 'Whether this model shows the same.' })
  outcome: ClaimOutcome;

  @Field(() => String, { description: 'Why, with the measured numbers.' })
  sentence: string;
}

/** What a study has found. */
@ObjectType({ description: 'What a study has found. Its downloads are /export/studies/<id>.html and .json.' })
export class StudyReport {
  @Field(() => GraphQLDateTime, { description: 'When it began, after a restart the last time.' })
  startedAt: Date;

  @Field(() => Float, { description: 'Wall seconds of all its experiments.' })
  seconds: number;

  @Field(() => StudyModel, { description: 'The model.' })
  model: StudyModel;

  @Field(() => StudyDataSet, { description: 'The pairs.' })
  dataSet: StudyDataSet;

  @Field(() => RefusalContrast, { description: 'What the study begins with: does the model refuse?' })
  refusal: RefusalContrast;

  @Field(() => String, {
    nullable: true,
    description: 'Why it went no further than the refusal contrast; null for a study that was done.',
  })
  stopped: string | null;

  @Field(() => [ReportSection], { description: 'Its sections in their order.' })
  sections: ReportSection[];

  @Field(() => [CheckedClaim], { description: 'What others found on their models, beside what was found here.' })
  claims: CheckedClaim[];
}
