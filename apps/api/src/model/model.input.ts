import { Field, InputType } from 'type-graphql';

/** What `registerModel` needs. */
@InputType({ description: 'A model on this machine, or of the Hub, to register under a short name.' })
export class RegisterModelInput {
  @Field(() => String, {
    description:
      'A Hugging Face directory or a GGUF file on the server, under one of the allowed roots (DEMUR_MODEL_ROOTS), or a Hub id: `owner/name`, `owner/name@revision`, `owner/name:file.gguf`.',
  })
  path: string;

  @Field(() => String, {
    nullable: true,
    description: 'Short unique name of lower-case letters, digits, dots and hyphens; made from the path if left out.',
  })
  slug?: string | null;

  @Field(() => String, { nullable: true, description: 'Name for people; the slug if left out.' })
  name?: string | null;
}
