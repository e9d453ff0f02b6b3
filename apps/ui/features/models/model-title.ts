/** A model's name for people: its own, or the last part of the path that a specification gives. */
export function modelTitle({ model, modelName }: { model?: { name: string } | null; modelName: string }): string {
  return model?.name ?? modelName.split(/[\\/]/).findLast((part) => part !== '') ?? modelName;
}
