import { Field, Float, ObjectType, registerEnumType } from 'type-graphql';

/** Where the download of a model stands. */
export const ModelDownloadStatus = {
  DOWNLOADING: 'DOWNLOADING',
  REGISTERED: 'REGISTERED',
  FAILED: 'FAILED',
} as const;
export type ModelDownloadStatus = (typeof ModelDownloadStatus)[keyof typeof ModelDownloadStatus];
registerEnumType(ModelDownloadStatus, {
  name: 'ModelDownloadStatus',
  description: 'Where the download of a model stands.',
  valuesConfig: {
    DOWNLOADING: { description: 'Under way.' },
    REGISTERED: { description: 'There, checked, and registered.' },
    FAILED: { description: 'Ended; `error` says why. What came is kept for the next try.' },
  },
});

/** The download of a model of the Hub that registerModel has begun. */
@ObjectType({ description: 'The download of a model of the Hub that registerModel has begun.' })
export class ModelDownload {
  @Field(() => String, { description: 'The Hub id, as it was given.' })
  reference: string;

  @Field(() => String, { description: 'The slug that the model is registered under.' })
  slug: string;

  @Field(() => ModelDownloadStatus, { description: 'Where it stands.' })
  status: ModelDownloadStatus;

  @Field(() => Float, { description: 'Bytes that are there.' })
  doneBytes: number;

  @Field(() => Float, { description: 'Bytes to fetch; 0 until they are known, or when none were missing.' })
  totalBytes: number;

  @Field(() => String, { nullable: true, description: 'Why it failed: a sentence with the fix.' })
  error: string | null;
}
